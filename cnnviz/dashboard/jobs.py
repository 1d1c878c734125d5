"""Background jobs in one worker thread, shared by all sessions in turns.

Of the jobs that wait, the next is that of the session whose last turn is longest ago; the newest request of a session
takes the place of its older one.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal

import streamlit as st

from cnnviz.dashboard.cached import CACHE, size_of
from cnnviz.errors import CancelledError, CnnvizError
from cnnviz.sentences import Sentence

State = Literal["queued", "running", "done", "failed", "cancelled"]

_KEPT = 32  # jobs that have ended
_MAX_RESULT_BYTES = CACHE.max_bytes // 8  # of what they hold together
_MINUTES = 10  # of one job; all other sessions wait meanwhile
_log = logging.getLogger(__name__)


@dataclass
class Job:
    """One piece of work, written by the worker and read by pages.

    Attributes:
        key: What is being computed; a page asks for its job by it.
        owner: Session that asked.
        state: Where it stands.
        done: Steps finished.
        total: Steps there are.
        preview: What there is so far.
        result: What came out.
        error: One sentence, if it failed.
        began: When its turn came, on the monotonic clock.
        started: When its first step was done, on the same clock.
    """

    key: str
    owner: str
    state: State = "queued"
    done: int = 0
    total: int = 0
    preview: Any = None
    result: Any = None
    error: str = ""
    began: float = field(default_factory=time.monotonic)
    started: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_active(self) -> bool:
        """Whether it waits or runs."""
        return self.state in ("queued", "running")

    @property
    def seconds_left(self) -> float:
        """Guess from the steps done so far."""
        spent = time.monotonic() - self.started if self.started else 0.0
        return spent / max(1, self.done) * (self.total - self.done)

    def enter(self, state: State) -> None:
        """Go on to another state, unless it has ended: what was cancelled stays so, whatever its step still brings."""
        with self._lock:
            if self.is_active:
                self.state = state

    def cancel(self) -> None:
        """End it for everyone who looks; the worker, which may be compiling, leaves at its next step."""
        self.enter("cancelled")

    def step(self, done: int, total: int, preview: Any = None) -> None:
        """Tell how far the work is; called by the work itself.

        Raises:
            CancelledError: If it was cancelled.
            CnnvizError: If it has run for too long.
        """
        if not self.is_active:
            raise CancelledError("Stopped.")
        if time.monotonic() - self.began > 60 * _MINUTES:
            raise CnnvizError(
                "The job was stopped after {minutes} minutes, the time limit here. Compute less at a time, or use "
                "Python or the command line.",
                minutes=_MINUTES,
            )
        self.done, self.total = done, total
        if done and not self.started:
            self.started = time.monotonic()
        if preview is not None:
            self.preview = preview


Work = Callable[[Job], Any]


class Jobs:
    """All jobs of the server: one runs, the others wait."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="cnnviz-job")
        self._lock = threading.Lock()
        self._jobs: dict[tuple[str, str], Job] = {}
        self._waiting: dict[str, tuple[Job, Work]] = {}
        self._running: Job | None = None
        self._turns = itertools.count(1)
        self._last_turn: dict[str, int] = {}

    def start(self, key: str, owner: str, work: Work) -> Job:
        """Start work, and stop what the same owner had running."""
        with self._lock:
            self._cancel(owner)
            job = Job(key, owner)
            self._jobs[owner, key] = job
            self._waiting[owner] = job, work
            self._forget()
        self._pool.submit(self._run_next)
        return job

    def get(self, key: str, owner: str) -> Job | None:
        """Find an owner's job by what it computes."""
        return self._jobs.get((owner, key))

    def ahead(self, job: Job) -> int:
        """Count what comes before a job that waits: those whose turn is earlier, and what the worker is at."""
        with self._lock:
            queue = self._queue()
            place = queue.index(job.owner) if job.owner in queue else 0
            return place + (self._running is not None)

    def is_busy(self, owner: str) -> bool:
        """Whether anything of an owner waits or runs."""
        return any(job.owner == owner and job.is_active for job in list(self._jobs.values()))

    def cancel_all(self, owner: str) -> None:
        """Stop everything of one owner, as when its tab is closed."""
        with self._lock:
            self._cancel(owner)
            self._last_turn.pop(owner, None)

    def _cancel(self, owner: str) -> None:
        for job in self._jobs.values():
            if job.owner == owner and job.is_active:
                job.cancel()

    def _forget(self) -> None:
        """Drop the oldest jobs that have ended, until few are left that hold little."""
        ended = [name for name, job in self._jobs.items() if not job.is_active]
        sizes = [size_of((self._jobs[name].result, self._jobs[name].preview)) for name in ended]
        for place, name in enumerate(ended):
            if len(ended) - place <= _KEPT and sum(sizes[place:]) <= _MAX_RESULT_BYTES:
                return
            del self._jobs[name]

    def _queue(self) -> list[str]:
        """Owners whose jobs wait, the next one first: by their last turn, if they had one, else by arrival."""
        self._waiting = {owner: (job, work) for owner, (job, work) in self._waiting.items() if job.is_active}
        return sorted(self._waiting, key=lambda owner: self._last_turn.get(owner, 0))

    def _run_next(self) -> None:
        """Give one turn; it is called once for each job that was started, so that none is left."""
        with self._lock:
            queue = self._queue()
            if not queue:
                return
            self._running, work = self._waiting.pop(queue[0])
            self._last_turn[queue[0]] = next(self._turns)
        _run(self._running, work)
        self._running = None


def _run(job: Job, work: Work) -> None:
    job.began = time.monotonic()
    try:
        job.step(0, 0)
        job.enter("running")
        job.result = work(job)
        job.enter("done")
    except CancelledError:
        job.cancel()
    except CnnvizError as error:
        job.error = error.sentence
        job.enter("failed")
    except Exception as error:  # noqa: BLE001  # a worker thread has nobody above it to tell
        _log.exception("A job failed: %s", job.key)
        job.error = Sentence("The job failed ({kind}). See the server log.", kind=type(error).__name__)
        job.enter("failed")


@st.cache_resource(show_spinner=False)
def jobs() -> Jobs:
    """The server's jobs."""
    return Jobs()


@st.cache_resource(show_spinner=False, scope="session", on_release=lambda owner: jobs().cancel_all(owner))
def owner() -> str:
    """Name of this session; its jobs stop when its tab is closed."""
    return uuid.uuid4().hex
