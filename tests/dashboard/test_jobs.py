"""Does work beside the page stop when asked, and does the newest request win?"""

import threading

import pytest

from cnnviz.dashboard.jobs import Jobs
from cnnviz.errors import LayerError

SECONDS = 20


@pytest.fixture
def jobs():
    return Jobs()


def wait_for(job, *states):
    """Wait without sleeping: the worker sets the event when it is done with the job."""
    for _ in range(SECONDS * 100):
        if job.state in states:
            return job.state
        threading.Event().wait(0.01)
    raise AssertionError(f"the job stayed {job.state}")


def endless(started):
    def work(job):
        for step in range(1_000_000):
            job.step(step, 1_000_000, preview=step)
            started.set()
            threading.Event().wait(0.001)

    return work


def test_a_result_is_kept_for_its_owner(jobs):
    job = jobs.start("six", "me", lambda job: 6)
    assert wait_for(job, "done", "failed") == "done"
    assert jobs.get("six", "me").result == 6
    assert jobs.get("six", "you") is None


def test_cancelling_stops_at_the_next_step_and_keeps_the_preview(jobs):
    started = threading.Event()
    job = jobs.start("long", "me", endless(started))
    assert started.wait(SECONDS)
    job.cancel()
    assert wait_for(job, "cancelled", "done", "failed") == "cancelled"
    assert 0 <= job.preview < 1_000_000


def test_cancelling_ends_a_job_at_once_even_in_a_step_that_takes_long(jobs):
    compiling, compiled = threading.Event(), threading.Event()

    def work(job):
        compiling.set()
        compiled.wait(SECONDS)
        return "too late"

    job = jobs.start("slow step", "me", work)
    assert compiling.wait(SECONDS)
    job.cancel()
    assert job.state == "cancelled"
    after = jobs.start("after", "me", lambda job: "mine")
    assert after.state == "queued"  # the worker is not torn out of its step
    compiled.set()
    assert wait_for(after, "done", "failed") == "done"
    assert job.state == "cancelled"


def test_the_newest_request_of_an_owner_wins_and_others_wait_their_turn(jobs):
    started = threading.Event()
    first = jobs.start("first", "me", endless(started))
    assert started.wait(SECONDS)
    others = jobs.start("others", "you", lambda job: "theirs")
    assert others.state == "queued"
    second = jobs.start("second", "me", lambda job: "mine")
    assert wait_for(first, "cancelled", "done") == "cancelled"
    assert wait_for(others, "done", "failed", "cancelled") == "done"
    assert wait_for(second, "done", "failed", "cancelled") == "done"


def test_cancelling_what_waits_stops_it_at_once_and_it_never_runs(jobs):
    started, ran = threading.Event(), []
    first = jobs.start("first", "you", endless(started))
    assert started.wait(SECONDS)
    waiting = jobs.start("waiting", "me", lambda job: ran.append(1))
    assert waiting.state == "queued"
    waiting.cancel()
    assert waiting.state == "cancelled"
    first.cancel()
    last = jobs.start("last", "me", lambda job: "after all")
    assert wait_for(last, "done", "failed") == "done"
    assert (waiting.state, ran) == ("cancelled", [])


def test_closing_a_tab_stops_its_jobs_only(jobs):
    started = threading.Event()
    mine = jobs.start("mine", "me", endless(started))
    yours = jobs.start("yours", "you", lambda job: 1)
    assert started.wait(SECONDS)
    jobs.cancel_all("me")
    assert wait_for(mine, "cancelled", "done") == "cancelled"
    assert wait_for(yours, "done", "cancelled") == "done"


def test_a_mistake_is_told_in_its_sentence_and_a_bug_without_details(jobs, caplog):
    def mistaken(job):
        raise LayerError("There is no layer 'x'. Layers: a, b.")

    def broken(job):
        raise ZeroDivisionError("/a/secret/path")

    job = jobs.start("mistake", "me", mistaken)
    wait_for(job, "failed")
    assert job.error == "There is no layer 'x'. Layers: a, b."
    job = jobs.start("bug", "me", broken)
    wait_for(job, "failed")
    assert "ZeroDivisionError" in job.error and "secret" not in job.error
    assert "secret" in caplog.text  # the log has it


def test_ended_jobs_make_room(jobs):
    for number in range(80):
        wait_for(jobs.start(str(number), "me", lambda job: None), "done")
    assert jobs.get("0", "me") is None
    assert jobs.get("79", "me") is not None
    assert len(jobs._jobs) <= 34
