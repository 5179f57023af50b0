"""Pure. Other people, at work while somebody reads a listing page by page."""

import random
from typing import Final

from bulkrepo.sandbox.settings import Settings
from bulkrepo.sandbox.state import State

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


class Churn:
    """Deletes and creates repositories, by seeded chance of its own."""

    def __init__(self, settings: Settings) -> None:
        self._dice = random.Random(f"{settings.seed}/churn")  # noqa: S311 - dice
        self._vanish, self._appear = settings.vanish, settings.appear

    def turn(self, state: State, *, now: float) -> None:
        """
        Delete `vanish` repositories without images, then create `appear` new ones.

        Names are random, so the new ones appear anywhere in an order by name.
        """
        if self._vanish:
            empty = [key for key, at in state.repositories.items() if not at.num_images]
            for key in self._dice.sample(empty, min(self._vanish, len(empty))):
                state.remove(key)
        homes = list(state.organizations.values())
        if not homes:
            return
        for _ in range(self._appear):
            name = "".join(self._dice.choices(_LETTERS, k=16))
            state.appear(self._dice.choice(homes), name, now=now)
