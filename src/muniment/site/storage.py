"""Static files under hashed names."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStatic(CompressedManifestStaticFilesStorage):
    """Hash names, and those that script modules import one another by."""

    support_js_module_import_aggregation = True
    manifest_strict = False
