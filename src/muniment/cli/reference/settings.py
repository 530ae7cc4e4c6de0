"""Every environment variable that the program reads, and what it means."""

import re
from pathlib import Path

import muniment
from muniment.cli.reference.markdown import table

# Name to (default, meaning). A test compares the names with those that the source reads.
SETTINGS = {
    "DATABASE_URL": (
        "the embedded server",
        "A PostgreSQL server of your own, 15 or newer, and an account that may make"
        " roles and databases; only `muniment database init`, `restore` and `rehearse` use that account.",
    ),
    "MUNIMENT_HOME": (
        "`var/` beside the source",
        "The folder of state: embedded database, secrets, seals, work files.",
    ),
    "MUNIMENT_POLICY": ("`policy/`", "The folder of policy in force."),
    "MUNIMENT_DEMONSTRATION": ("yes", "Demonstration users and banner. Say `no` wherever real records are held."),
    "MUNIMENT_HOSTS": ("this machine's own names", "Host names that the site answers to, with commas between."),
    "MUNIMENT_HTTPS": ("no", "Say `yes` behind HTTPS: secure cookies, redirects and strict transport security."),
    "MUNIMENT_SECOND_FACTOR": (
        "yes where `MUNIMENT_DEMONSTRATION` is `no`",
        "Whether the roles that `policy/access/roles.yaml` lists under `second_factor` need an authenticator app or a"
        " passkey beside the password.",
    ),
    "MUNIMENT_DEBUG": ("no", "Show faults in the browser. Never with real records."),
    "MUNIMENT_COOLING_OFF_MINUTES": ("20160 (14 days)", "How long an approved disposal can be undone."),
    "MUNIMENT_SECRET_KEY": (
        "made once",
        "The key that signs sessions; `MUNIMENT_SECRET_KEY_FILE` names a file with it.",
    ),
    "MUNIMENT_MASTER_FILE": (
        "made once in the state folder",
        "A file with the master key of content, 32 bytes in hexadecimal, and earlier ones in lines below it."
        " Keep it apart from database and backups.",
    ),
    "MUNIMENT_SEAL_FILE": ("made once in the state folder", "A file with the key that signs seals of the audit."),
    "MUNIMENT_DATABASE_FILE": (
        "made once in the state folder",
        "A file with the secret from which the passwords of our database roles are derived.",
    ),
    "MUNIMENT_WEB_FILE": (
        "made once in the state folder",
        "A file with the secret from which the session key is derived when none is given, and the key that encrypts"
        " second factors. Lose it and everybody's authenticator app has to be removed and set up again.",
    ),
    "MUNIMENT_TOMBSTONES_FILE": (
        "made once in the state folder",
        "A file with the pepper of tombstones. Lose it and what was destroyed can come back with the next export.",
    ),
    "MUNIMENT_ADOPTIONS": (
        "`adoptions` in the state folder",
        "The folder with what the controllers have adopted, a YAML file each, such as one under version control.",
    ),
    "MUNIMENT_RECIPIENTS": (
        "`recipients` in the state folder",
        "The folder with those to whom records may be given, a YAML file each, such as one under version control.",
    ),
    "MUNIMENT_SEALS_FILE": (
        "`seals.jsonl` in the state folder",
        "The file that each seal of the audit is appended to."
        " Put it on a machine that the database's administrators cannot write to.",
    ),
    "MUNIMENT_LEDGER_FILE": (
        "`ledger.jsonl` in the state folder",
        "The file that each disposal and each word on a hold is appended to, and that a restored backup follows."
        " Put it where the database is not: lost with it, what was destroyed since a backup cannot be destroyed again.",
    ),
    "MUNIMENT_BACKUP_KEY_FILE": (
        "none",
        "A file with the key of backups, 32 bytes in hexadecimal. Keep it apart from them, and a copy in a safe.",
    ),
    "MUNIMENT_KEYS_BACKUP_KEY_FILE": (
        "none",
        "A file with the key of the newest copy of the keys of content. The program writes it anew with each copy: keep"
        " no older version of it.",
    ),
    "MUNIMENT_MEMORY": (
        "half of the machine's memory, or of the control group's",
        "What the engine of linkage and of the schedule may use, such as `8GB`, before it spills to `work` in the state"
        " folder.",
    ),
    "MUNIMENT_SPARK_MASTER": (
        "none",
        "The master of the cluster of Spark that `--engine spark` runs on, such as `spark://host:7077`.",
    ),
    "MUNIMENT_SPARK_MEMORY": (
        "1g",
        "The memory that the program of each worker of that cluster may use, and the command that asks it.",
    ),
    "MUNIMENT_SPARK_SECRET": (
        "none",
        "The secret of that cluster (`spark.authenticate.secret`), without which none on another machine is used;"
        " `MUNIMENT_SPARK_SECRET_FILE` names a file with it.",
    ),
    "MUNIMENT_ROLE": ("set by each command", "The database role of a process; a WSGI server of your own needs `web`."),
}
_READ = re.compile(r"\b(?:MUNIMENT_[A-Z_]+[A-Z]|DATABASE_URL)\b")
_SECRET = re.compile(r"\bplaces\.(?:secret|derived)\(\s*\"(\w+)\"")


def page() -> str:
    """Return the page of settings."""
    rows = [(f"`{name}`", default, meaning) for name, (default, meaning) in SETTINGS.items()]
    return "\n".join(["# Settings\n", "Read from the environment.\n", table(["name", "default", "meaning"], rows)])


def read_in_source() -> set[str]:
    """Return the names that the source reads, the files of secrets included."""
    folder = Path(muniment.__file__).parent
    names: set[str] = set()
    for path in folder.rglob("*.py"):
        if "reference" not in path.parts:
            text = path.read_text()
            names |= set(_READ.findall(text))
            names |= {f"MUNIMENT_{name.upper()}_FILE" for name in _SECRET.findall(text)}
    return names
