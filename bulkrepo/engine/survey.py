"""
Shell. Finds out what exists before the first row is worked on.

Reads the organizations that rows are for, creates missing ones if wanted, and settles
from their lists the rows that need no request of their own.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Literal, Protocol

from msgspec import structs

from bulkrepo.core import loggers
from bulkrepo.core.outcomes import NO_ORGANIZATION, Claim, Verdict
from bulkrepo.engine.retrying import InterruptedAttemptsError
from bulkrepo.engine.scheduler import Engine
from bulkrepo.http.messages import Request
from bulkrepo.swr.answers import Answer, AnswerKind
from bulkrepo.swr.operations.conclusion import Conclusion, FinalAnswer
from bulkrepo.swr.operations.organization_survey import (
    Extent,
    PageFindings,
    RepositoryPage,
    survey,
    worth_it,
)
from bulkrepo.swr.requests import (
    READ,
    create_organization,
    organization,
    organizations,
    quotas,
)
from bulkrepo.swr.responses import said

Mode = Literal["auto", "always", "never"]
Judge = Callable[[Claim, Answer], Conclusion]
"""Concludes on a row from an answer that shows its repository."""

_AT_ONCE = 8
"""Organizations that are read at the same time."""
_FEW = 2
"""Up to this many organizations are read one by one; more take one list request."""

_TAKEN = (
    "the organization's name is taken by another account: names are unique in a region"
)
_TAKEN_UNREAD = (
    "the organization's name is taken, apparently by another account: you may neither "
    "read it nor create in it"
)
_UNTRIED = (
    "the organization cannot be read (%s): it is missing or not yours; create will "
    "try to create it"
)


class SurveyStore(Protocol):
    """What the store knows of pending rows."""

    async def organizations(self) -> list[tuple[str, int]]:
        """Return the organizations of pending rows, with the number of rows in each."""
        ...

    async def matching(self, namespace: str, names: list[str]) -> list[Claim]:
        """Return the pending rows of *namespace* whose name is one of *names*."""
        ...


class Surveyor:
    """
    Prepares an engine's run; `prepare` is passed to `Engine`.

    *judge* concludes on a row whose repository was listed; with *amend*, a row that
    differs is handed out to be worked on. With *found*, missing organizations are
    created; with *dry* too, nothing is created and they count as empty. Afterwards,
    *listed* are the organizations whose repositories are all known, *new* those that
    were (or would be) created, and *readonly* (with *dry*, as far as known) those in
    which nothing may be created. *project* returns a fact of the credential, such as
    `project_id`.
    """

    def __init__(
        self,
        rows: SurveyStore,
        judge: Judge,
        *,
        mode: Mode = "auto",
        amend: bool = False,
        found: bool = False,
        dry: bool = False,
        project: Callable[[str], str | None] | None = None,
    ) -> None:
        self.listed: set[str] = set()
        self.new: list[str] = []
        self.readonly: set[str] = set()
        self._rows, self._judge = rows, judge
        self._mode, self._amend = mode, amend
        self._found, self._dry, self._project = found, dry, project
        self._known: dict[str, int | None] = {}
        self._lost: set[str] = set()  # organizations that were stopped
        self._said = False
        self._log = loggers.logger()

    async def prepare(self, engine: Engine) -> None:
        """Find organizations, create missing ones, read their lists."""
        pending = await self._rows.organizations()
        wanted = [(name, rows) for name, rows in pending if self._wants(rows)]
        rights = self._dry and self._mode != "never"
        concerned = pending if self._found or rights else wanted
        if len(concerned) > _FEW:
            answer = await engine.glance(organizations())
            if answer.kind is AnswerKind.DONE:
                listed = answer.seen.namespaces
                self._known = {one.name: one.auth for one in listed}
        if self._found:
            await self._create_missing(engine, [name for name, _ in pending])
        elif rights and len(concerned) <= _FEW:
            await self._read(engine, [one[0] for one in pending if one not in wanted])
        known = self.listed | self._lost
        todo = iter([one for one in wanted if one[0] not in known])
        async with asyncio.TaskGroup() as group:
            for _ in range(min(_AT_ONCE, len(wanted))):
                group.create_task(self._work(engine, todo))
        if self._dry:
            self.readonly = {name for name, auth in self._known.items() if auth == READ}

    def _wants(self, rows: int) -> bool:
        if self._mode == "auto":
            return worth_it(rows)
        return self._mode == "always"

    async def _read(self, engine: Engine, names: list[str]) -> None:
        """Find out our rights in organizations that are not surveyed."""
        for name in names:
            answer = await engine.glance(organization(name))
            if answer.kind is AnswerKind.DONE:
                self._known[name] = answer.seen.auth
            elif answer.kind in (AnswerKind.NO_NAMESPACE, AnswerKind.ABSENT):
                self._missing(engine, name, answer)

    async def _create_missing(self, engine: Engine, names: list[str]) -> None:
        full: str | None = None
        for name in names:
            if name in self._known:
                continue
            answer = await engine.glance(organization(name))
            # SWR may answer 403 for a missing one as for another account's.
            hidden = answer.kind is AnswerKind.FORBIDDEN
            if answer.kind is AnswerKind.DONE:
                self._known[name] = answer.seen.auth
            elif not hidden and answer.kind not in (
                AnswerKind.NO_NAMESPACE,
                AnswerKind.ABSENT,
            ):
                self._unreadable(name, answer)
            elif self._dry and hidden:
                self._stop(engine, name, _UNTRIED % (answer.code or answer.status))
            elif self._dry:
                self._is_new(name)
            elif full is not None:
                self._stop(engine, name, full)
            else:
                full = await self._create(engine, name, answer)

        if self._dry and self.new:
            await self._mind_the_quota(engine)

    async def _mind_the_quota(self, engine: Engine) -> None:
        """Stop organizations beyond the quota, if the project is known."""
        project = self._project and self._project("project_id")
        if project is None:
            return
        answer = await engine.glance(quotas(project))
        if answer.kind is not AnswerKind.DONE:
            return
        for quota in answer.seen.quotas:
            left = max(0, quota.quota_limit - quota.used)
            if quota.quota_key != "namespace" or left >= len(self.new):
                continue
            reason = (
                "no more organizations can be created: the quota is "
                f"{quota.quota_limit}, {quota.used} are used"
            )
            for name in self.new[left:]:
                self.listed.discard(name)
                self._stop(engine, name, reason)
            del self.new[left:]

    async def _create(self, engine: Engine, name: str, unseen: Answer) -> str | None:
        """
        Create an organization; return why no other can be created either, or None.

        *unseen* is the answer that would not show it.
        """
        answer = await engine.glance(create_organization(name))
        if answer.kind is AnswerKind.DONE:
            self._is_new(name)
            self._log.info("organization.created", namespace=name)
            return None
        if answer.kind is AnswerKind.QUOTA:
            reason = f"no more organizations can be created ({said(answer)})"
            self._stop(engine, name, reason)
            return reason
        if answer.kind is unseen.kind is AnswerKind.FORBIDDEN:
            self._unreadable(name, unseen)
            return None
        reason = f"the organization could not be created ({said(answer)})"
        if answer.status == 409 or answer.unsure:
            # Another account's, or ours after a lost reply: then we can read it.
            look = await engine.glance(organization(name))
            if look.kind is AnswerKind.DONE:
                self._known[name] = look.seen.auth
                return None
            if answer.status == 409 and look.kind is AnswerKind.FORBIDDEN:
                # Perhaps we may write but not read: the first row finds out.
                engine.suspect(name, _TAKEN_UNREAD)
                self._unreadable(name, look)
                return None
            if answer.status == 409:
                reason = _TAKEN
        self._stop(engine, name, reason)
        return None

    def _stop(self, engine: Engine, name: str, reason: str) -> None:
        self._lost.add(name)
        engine.stop_organization(name, reason)

    def _is_new(self, name: str) -> None:
        self._known[name] = None
        self.new.append(name)
        self.listed.add(name)

    async def _work(self, engine: Engine, todo: Iterator[tuple[str, int]]) -> None:
        try:
            for name, rows in todo:
                await self._survey(engine, name, rows)
        except InterruptedAttemptsError:
            return  # the run stops and says why

    async def _survey(self, engine: Engine, name: str, left: int) -> None:
        """Read one organization's list, and settle rows page by page."""
        always = self._mode == "always"
        steps = survey(name, known=name in self._known, always=always)
        step = next(steps)
        try:
            while True:
                if isinstance(step, Request):
                    step = steps.send(FinalAnswer(await engine.glance(step)))
                else:
                    left -= await self._settle(engine, name, step)
                    step = steps.send(left)
        except StopIteration as end:
            self._surveyed(engine, name, end.value)

    async def _settle(self, engine: Engine, name: str, page: RepositoryPage) -> int:
        """Settle the rows that a page shows; return how many."""
        shown = {one.name: one for one in page.shown if one.name is not None}
        claims = await self._rows.matching(name, list(shown))
        differing = []
        for claim in claims:
            answer = structs.replace(page.answer, seen=shown[claim.repository])
            conclusion = self._judge(claim, answer)
            if self._amend and conclusion.outcome is Verdict.DIFFERS:
                found = conclusion.differences
                differing.append(structs.replace(claim, differences=found))
            else:
                engine.conclude(claim, conclusion)
        if differing:
            await engine.hand_out(differing)
        return len(claims)

    def _surveyed(self, engine: Engine, name: str, found: PageFindings) -> None:
        if found.auth is not None:
            self._known[name] = found.auth
        if found.extent is Extent.WHOLE:
            self.listed.add(name)
        elif found.extent is Extent.MISSING and found.answer is not None:
            self._missing(engine, name, found.answer)
        elif found.extent is Extent.UNREADABLE and found.answer is not None:
            self._unreadable(name, found.answer)

    def _missing(self, engine: Engine, name: str, answer: Answer) -> None:
        why = answer.code or answer.status
        self._stop(engine, name, f"{NO_ORGANIZATION} ({why})")

    def _unreadable(self, name: str, answer: Answer) -> None:
        """Log once that rows are asked for one by one."""
        if not self._said:
            self._said = True
            self._log.warning(
                "survey.refused",
                namespace=name,
                last_answer=said(answer),
                instead="its repositories are asked for one by one",
            )
