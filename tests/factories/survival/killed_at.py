"""A command that is killed at a step of its own: before or after a function of the product, named as `module:name`."""

import importlib
import os
import signal
import sys


def kill(*_given, **_named):
    """End as a machine does that loses its power."""
    os.kill(os.getpid(), signal.SIGKILL)


def main(when: str, step: str, *words: str) -> None:
    """Run a command of the product, and die `before` or `after` a step of it."""
    from muniment.cli import main as product

    module, _, name = step.partition(":")
    first = importlib.import_module("muniment.cli.preparing").prepare

    def prepared(*given):
        """Set the product up, and the trap as soon as what it is set in can be imported."""
        first(*given)
        holder = importlib.import_module(module)
        *inner, last = name.split(".")
        for each in inner:
            holder = getattr(holder, each)
        real = getattr(holder, last)

        def trapped(*given, **named):
            done = real(*given, **named)
            kill()
            return done

        setattr(holder, last, kill if when == "before" else trapped)

    product.prepare = prepared
    sys.argv = ["muniment", *words]
    product.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
