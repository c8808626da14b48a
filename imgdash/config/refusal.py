"""What pydantic found wrong, in the words of the rule that was broken."""

from __future__ import annotations

from pydantic import ValidationError


def refusals(error: ValidationError) -> list[str]:
    """One sentence for each mistake, behind the key that has it, where one has."""
    found = []
    for problem in error.errors(include_url=False):
        # Of a rule of our own pydantic says first that it is a ValueError: that is nothing to the reader.
        said = str(problem.get("ctx", {}).get("error", "")) or problem["msg"]
        where = ".".join(str(part) for part in problem["loc"])
        found.append(f"{where}: {said}" if where else said)
    return found
