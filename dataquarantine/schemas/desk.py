"""The one place that decides proposals, in the order of the log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor

from dataquarantine.clock import Clock, SystemClock
from dataquarantine.errors import InvalidSchema
from dataquarantine.schemas.decisions import Decision, apply, decide, refuse_unreadable
from dataquarantine.schemas.proposals import (
    PROPOSAL_PREFIX,
    Proposal,
    Register,
    Rollback,
    SetState,
    parse_proposal,
)
from dataquarantine.schemas.registry import Registry
from dataquarantine.schemas.reviews import Review, ReviewTask, review_task
from dataquarantine.schemas.rollout import ShadowFigures

logger = logging.getLogger(__name__)

Figures = Callable[[str, str], ShadowFigures | None]


def _no_figures(name: str, version: str) -> ShadowFigures | None:
    return None


class RegistryDesk:
    """Takes records of the schema log one at a time.

    Args: executor: where reviews run, so that the loop is free; the default is a thread.
        figures: what the shadow of `name`, `version` has shown, over the whole cluster.
    """

    def __init__(
        self,
        registry: Registry,
        *,
        model_packages: tuple[str, ...] = (),
        executor: Executor | None = None,
        figures: Figures = _no_figures,
        clock: Clock | None = None,
    ) -> None:
        self.registry = registry
        self._model_packages = model_packages
        self._executor = executor
        self._figures = figures
        self._clock = clock or SystemClock()

    async def receive(self, key: str, value: bytes | None, offset: int = -1) -> Decision | None:
        """Decide a record of the log if it is a proposal.

        Returns: the decision, whose rows must be written before the record counts as consumed;
            None for a row, a deleted proposal and one that was decided before. `registry` already
            knows the rows.
        """
        if not key.startswith(PROPOSAL_PREFIX) or value is None:
            return None
        if 0 <= offset <= self.registry.decided_offset:
            return None
        try:
            proposal = parse_proposal(value)
        except InvalidSchema as exc:
            proposal_id = key.removeprefix(PROPOSAL_PREFIX)
            decision = refuse_unreadable(
                self.registry, proposal_id, str(exc), self._clock.now(), offset=offset
            )
        else:
            decision = await self._decide(proposal, offset)
        apply(self.registry, decision)
        answer = decision.answer
        outcome = "accepted" if answer.accepted else f"refused: {answer.refusal}"
        what = f"{answer.name}@{answer.version}" if answer.version else answer.name
        logger.info(
            "Schema proposal %s (%s) %s",
            answer.proposal,
            what,
            outcome,
            extra={"action": "schema_decided"},
        )
        return decision

    async def _decide(self, proposal: Proposal, offset: int) -> Decision:
        now = self._clock.now()
        try:
            reviewed = await self._review(proposal) if isinstance(proposal, Register) else None
        except Exception as exc:  # one schema that breaks a check must not stop the whole log
            logger.exception(
                "The review of schema proposal %s failed",
                proposal.id,
                extra={"action": "schema_review_failed"},
            )
            reason = f"the review failed: {type(exc).__name__}"
            return refuse_unreadable(self.registry, proposal.id, reason, now, offset=offset)
        shadow = self._shadow(proposal) if isinstance(proposal, SetState | Rollback) else None
        return decide(self.registry, proposal, now, reviewed=reviewed, shadow=shadow, offset=offset)

    async def _review(self, proposal: Register) -> Review | None:
        if self.registry.answer(proposal.id) is not None:
            return None
        task = review_task(self.registry, proposal, model_packages=self._model_packages)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, ReviewTask.run, task)

    def _shadow(self, proposal: SetState | Rollback) -> ShadowFigures | None:
        if isinstance(proposal, SetState):
            return self._figures(proposal.name, proposal.version)
        current = self.registry.enforced(proposal.name)
        return self._figures(proposal.name, current.version) if current else None
