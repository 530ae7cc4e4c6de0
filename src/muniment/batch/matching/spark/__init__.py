"""Linkage on a standalone cluster of Spark: the statements of `muniment.batch.matching` said in Spark's words.

`session` opens a cluster, `engine` runs statements on it, `words` says them, `likeness` measures strings as the engine
does, and `joining` groups by component. Needs the extra `spark` and Java; nothing here is imported without them.
"""
