"""Is the point found at which the answer changes?"""

import numpy as np
import pytest
from mistake_nets import GAIN, color_net
from scipy.special import softmax

from cnnviz.errors import CancelledError
from cnnviz.mistakes import perturbations, smallest_flipping_patch, sweep


def half_red_half_blue():
    photo = np.zeros((8, 8, 3), np.uint8)
    photo[:, :4, 0] = 200
    photo[:, 4:, 2] = 180
    return photo


def redder(photo, amount):
    edited = photo.copy()
    edited[..., 0] = np.clip(photo[..., 0].astype(int) - amount, 0, 255)
    return edited


@pytest.mark.parametrize("class_index", [None, 2])
def test_a_sweep_matches_the_closed_form(net, class_index):
    values = [0, 5, 10, 15, 19, 21, 30, 40]
    found = sweep(net, half_red_half_blue(), redder, values, class_index=class_index)
    logits = np.array([[(200 - value) / 2, 0, 180 / 2] for value in values]) / 255 * GAIN
    watched = 0 if class_index is None else 2
    np.testing.assert_allclose(found.probabilities, softmax(logits, axis=1)[:, watched], rtol=1e-4)
    assert found.flip == 21 and found.answer == 0 and found.class_index == watched
    assert found.answers.tolist() == [0] * 5 + [2] * 3
    assert np.ptp(found.probabilities) > 0.01


def test_without_a_flip_there_is_none(net):
    assert sweep(net, half_red_half_blue(), redder, [0, 1]).flip is None
    with pytest.raises(ValueError, match="at least one"):
        sweep(net, half_red_half_blue(), redder, [])


def test_the_smallest_patch_that_flips_is_found(net):
    photo = np.zeros((8, 8, 3), np.uint8)
    photo[..., 2] = 60
    photo[3:5, 5:7] = (255, 0, 0)  # without it, or half of it, blue has more
    photo[0:8, 0:2] = (120, 0, 0)
    found = smallest_flipping_patch(net, photo)
    fitted = net.fit(photo)

    def flips(box):
        covered = perturbations.mask_box(fitted, box).mean(axis=(0, 1))
        return covered.argmax() != 0

    assert fitted.mean(axis=(0, 1)).argmax() == 0
    assert found.box == (3, 5, 5, 7) and (found.before, found.after) == (0, 2)
    assert flips((3, 6, 5, 8))  # others of this size do as well, but leave more red
    assert not any(flips((row, column, row + 1, column + 1)) for row in range(8) for column in range(8))


def test_where_nothing_flips_there_is_none(net):
    photo = np.zeros((8, 8, 3), np.uint8)
    photo[..., 0] = 250
    steps = []
    assert smallest_flipping_patch(net, photo, on_step=lambda *step: steps.append(step)) is None
    assert steps[-1][0] == steps[-1][1]


def test_it_stops_when_asked():
    def stop(done, total):
        raise CancelledError("Stopped.")

    with pytest.raises(CancelledError):
        smallest_flipping_patch(color_net(), half_red_half_blue(), on_step=stop)
    with pytest.raises(CancelledError):
        sweep(color_net(), half_red_half_blue(), redder, [1], on_step=stop)
