"""`/api/v1/replays`: plan repairs of quarantined records, run them, see what became of them."""

from __future__ import annotations

import time
from datetime import datetime
from uuid import UUID

from dataquarantine.api.errors import ApiError
from dataquarantine.api.fields import Reason
from dataquarantine.api.http import Request
from dataquarantine.api.identity import Role
from dataquarantine.api.replay_models import (
    EditedRecord,
    Items,
    ItemShown,
    ItemsQuery,
    Jobs,
    JobShown,
    JobSummary,
    PageQuery,
    RecipeShown,
)
from dataquarantine.api.routes import route
from dataquarantine.quarantine.decisions import Signed
from dataquarantine.replay.requests import NewReplay
from dataquarantine.replay.service import Replays

#: A small dry run is waited for; a longer one answers `planning`, and is asked for again.
PLANNING_WAIT_S = 15.0
LOOK_EVERY_S = 0.2


class ReplayViews:
    """Replays over HTTP; who may unmask may repair masked fields too."""

    def __init__(self, replays: Replays) -> None:
        self._replays = replays
        self._jobs = replays.jobs

    @route("GET", "/replays", "List replays, newest first", errors=(503,))
    def list(self, request: Request, query: PageQuery) -> Jobs:
        """List replays."""
        found = self._jobs.page(limit=query.limit + 1, before=_before(query.cursor))
        page = [JobSummary.model_validate(item) for item in found[: query.limit]]
        more = len(found) > query.limit
        last = page[-1] if more else None
        return Jobs(items=page, next=f"{last.created_at.isoformat()}_{last.id}" if last else None)

    @route(
        "POST",
        "/replays",
        "Try a repair on a frozen selection, and with `dry_run: false` run it",
        errors=(403, 404, 422, 503),
    )
    def create(self, request: Request, body: NewReplay) -> JobShown:
        """Make a replay; waits some seconds for its dry run."""
        by = Signed(request.actor, body.why)
        job_id = self._replays.create(body, by, can_unmask=_can_unmask(request))
        deadline = time.monotonic() + PLANNING_WAIT_S
        while self._replays.jobs.is_planning(job_id) and time.monotonic() < deadline:
            time.sleep(LOOK_EVERY_S)  # its counts are told once: they cost more than the state
        return self._shown(job_id)

    @route(
        "POST",
        "/replays/recipe",
        "Derive a patch and a recipe from one edited record",
        errors=(403, 404, 422, 503),
    )
    def recipe(self, request: Request, body: EditedRecord) -> RecipeShown:
        """Fix by example; changes nothing."""
        example = self._replays.example(body.id, body.edited, can_unmask=_can_unmask(request))
        return RecipeShown(
            patch=example.patch, recipe=example.recipe, explanation=example.explanation
        )

    @route("GET", "/replays/{job}", "Show a replay", errors=(404, 503))
    def show(self, request: Request, job: UUID) -> JobShown:
        """Show a replay with counts, reasons and samples."""
        return self._shown(job)

    @route("GET", "/replays/{job}/items", "List the records of a replay", errors=(404, 503))
    def items(self, request: Request, job: UUID, query: ItemsQuery) -> Items:
        """List items in the order in which they are published."""
        self._jobs.job(job)
        found = self._jobs.items(
            job, result=query.result, limit=query.limit + 1, after=_place(query.cursor)
        )
        page = found[: query.limit]
        more = len(found) > query.limit
        return Items(
            items=[ItemShown.model_validate(item) for item in page],
            next=str(page[-1]["place"]) if more else None,
        )

    @route("POST", "/replays/{job}/run", "Publish what was planned", errors=(404, 409, 503))
    def run(self, request: Request, job: UUID, body: Reason) -> JobShown:
        """Run a planned replay."""
        return self._tell(request, job, "run", body)

    @route("POST", "/replays/{job}/pause", "Stop publishing for now", errors=(404, 409, 503))
    def pause(self, request: Request, job: UUID, body: Reason) -> JobShown:
        """Pause a running replay."""
        return self._tell(request, job, "pause", body)

    @route("POST", "/replays/{job}/resume", "Go on publishing", errors=(404, 409, 503))
    def resume(self, request: Request, job: UUID, body: Reason) -> JobShown:
        """Let a paused or failed replay go on."""
        return self._tell(request, job, "resume", body)

    @route("POST", "/replays/{job}/cancel", "Give a replay up", errors=(404, 409, 503))
    def cancel(self, request: Request, job: UUID, body: Reason) -> JobShown:
        """Cancel a replay; what is published stays published."""
        return self._tell(request, job, "cancel", body)

    def _tell(self, request: Request, job: UUID, verb: str, body: Reason) -> JobShown:
        self._replays.tell(job, verb, Signed(request.actor, body.why))
        return self._shown(job)

    def _shown(self, job: UUID) -> JobShown:
        return JobShown.model_validate(self._jobs.view(job))


def _can_unmask(request: Request) -> bool:
    return request.identity.role.includes(Role.ADMIN)


def _before(cursor: str | None) -> tuple[datetime, UUID] | None:
    if cursor is None:
        return None
    at, _, last = cursor.rpartition("_")
    try:
        return datetime.fromisoformat(at), UUID(last)
    except ValueError:
        raise _bad_cursor() from None


def _place(cursor: str | None) -> int:
    if cursor is None:
        return -1
    if not cursor.isascii() or not cursor.isdecimal() or len(cursor) > 18:
        raise _bad_cursor()
    return int(cursor)


def _bad_cursor() -> ApiError:
    return ApiError(422, 42207, "the cursor can't be read; use `next` of the page before")
