"""Functions that are compiled for each model anew."""

import logging

import numpy as np
import tensorflow as tf

from cnnviz.compiling import compile_once


def scaled_by(factor, compile_it):
    def run(values):
        return factor * values

    return compile_it(run, [tf.TensorSpec((None,), tf.float32)])


def plain(function, signature):
    return tf.function(function, input_signature=signature, autograph=False)


def warned(caplog, compile_it):
    caplog.clear()
    with caplog.at_level(logging.WARNING, "tensorflow"):
        results = [scaled_by(factor, compile_it)(tf.ones(2)).numpy() for factor in range(8)]
    np.testing.assert_array_equal(results, [[factor, factor] for factor in range(8)])
    return "retracing" in caplog.text


def test_many_models_are_compiled_without_a_warning(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("tensorflow"), "propagate", True)
    assert warned(caplog, plain)
    assert not warned(caplog, compile_once)


def test_a_function_is_traced_once_and_still_runs_eagerly():
    traces = []
    run = compile_once(lambda values: traces.append(1) or values + 1, [tf.TensorSpec((None,), tf.float32)])
    for count in (1, 2, 3):
        np.testing.assert_array_equal(run(tf.ones(count)), 2 * np.ones(count))
    assert len(traces) == 1
    assert run.python_function(tf.ones(1)).numpy() == 2 and len(traces) == 2
