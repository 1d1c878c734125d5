"""Does work beside the page stop when asked, does the newest request win, and has every session its turn?"""

import threading

import pytest

from cnnviz.dashboard import jobs as module
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


def hold(jobs, owner):
    """Keep the worker busy until the event is set; what is started meanwhile waits."""
    is_held, end = threading.Event(), threading.Event()

    def work(job):
        is_held.set()
        assert end.wait(SECONDS)

    jobs.start("hold", owner, work)
    assert is_held.wait(SECONDS)
    return end


def test_the_next_turn_is_of_the_session_whose_last_one_is_longest_ago(jobs):
    order, busy = [], [f"busy {number}" for number in range(6)]
    for owner in busy:
        wait_for(jobs.start("first", owner, lambda job: None), "done")
    end = hold(jobs, "busy 2")
    for owner in (*reversed(busy), "neighbor"):  # who never had a turn asks last
        jobs.start("more", owner, lambda job: order.append(job.owner))
    end.set()
    for owner in (*busy, "neighbor"):
        wait_for(jobs.get("more", owner), "done")
    assert order == ["neighbor", "busy 0", "busy 1", "busy 3", "busy 4", "busy 5", "busy 2"]


def test_asking_anew_keeps_the_place_and_asking_often_does_not_help(jobs):
    order, end = [], hold(jobs, "holder")
    for key, owner in (("a", "eager"), ("b", "calm"), ("c", "eager"), ("d", "eager")):
        jobs.start(key, owner, lambda job: order.append(job.key))
    assert [jobs.get(key, "eager").state for key in "acd"] == ["cancelled", "cancelled", "queued"]
    end.set()
    wait_for(jobs.get("b", "calm"), "done")
    assert order == ["d", "b"]


def test_a_job_that_waits_knows_how_many_are_ahead(jobs):
    end = hold(jobs, "holder")
    first, second, third = [jobs.start("it", owner, lambda job: None) for owner in ("one", "two", "three")]
    assert [jobs.ahead(job) for job in (first, second, third)] == [1, 2, 3]
    first.cancel()
    assert [jobs.ahead(job) for job in (second, third)] == [1, 2]
    jobs.cancel_all("holder")  # the worker is still in its step
    assert jobs.ahead(second) == 1
    end.set()
    assert wait_for(third, "done") == "done"


def test_the_place_is_said_where_the_progress_is_drawn():
    from streamlit.testing.v1 import AppTest

    def page():
        from cnnviz.dashboard import panels
        from cnnviz.dashboard.jobs import jobs

        panels.progress(jobs().get("it", "second"), "Runs.")

    server = module.jobs()
    end = hold(server, "holder")
    for owner in ("first", "second"):
        server.start("it", owner, lambda job: None)
    app = AppTest.from_function(page).run()
    assert not app.exception
    assert app.get("progress")[0].proto.text == "In the queue: 2 ahead ..."
    end.set()
    wait_for(server.get("it", "second"), "done")
    assert AppTest.from_function(page).run().get("progress")[0].proto.text == "Runs."


def test_a_job_that_runs_for_too_long_ends_with_its_reason_and_the_next_has_its_turn(jobs, monkeypatch):
    monkeypatch.setattr(module, "_MINUTES", 0.05 / 60)
    endless_job = jobs.start("long", "me", endless(threading.Event()))
    after = jobs.start("after", "you", lambda job: "mine")
    assert wait_for(endless_job, "failed", "cancelled", "done") == "failed"
    assert "the time limit here. Compute less at a time" in endless_job.error
    assert wait_for(after, "done", "failed") == "done"


def test_the_time_that_a_job_waits_is_not_its_own(jobs, monkeypatch):
    monkeypatch.setattr(module, "_MINUTES", 0.1 / 60)
    end = hold(jobs, "holder")
    job = jobs.start("it", "me", lambda job: job.step(1, 1))
    threading.Event().wait(0.15)
    end.set()
    assert wait_for(job, "done", "failed") == "done"


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


def test_what_ended_jobs_hold_is_bounded_in_number_and_in_bytes(jobs, monkeypatch):
    monkeypatch.setattr(module, "_MAX_RESULT_BYTES", 3_500_000)
    for number in range(6):
        wait_for(jobs.start(f"large {number}", "me", lambda job: bytes(1_000_000)), "done")
    held = [number for number in range(6) if jobs.get(f"large {number}", "me")]
    assert held == [2, 3, 4, 5]  # of those that had ended when the last one began, three
    for number in range(module._KEPT + 5):
        wait_for(jobs.start(f"small {number}", "me", lambda job: 1), "done")
    assert len(jobs._jobs) == module._KEPT + 1
