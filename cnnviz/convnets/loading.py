"""How does a name or a path become a network?"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cnnviz.convnets.answers import Answers, recall
from cnnviz.convnets.catalogue import DEFAULT, Entry, catalogue
from cnnviz.convnets.config_rules import shown
from cnnviz.convnets.convnet import SCALINGS, Convnet, Preparation
from cnnviz.convnets.facts import describe_model_file
from cnnviz.convnets.files import open_model_file
from cnnviz.convnets.wrapping import convnet_from_model, guess_preparation
from cnnviz.errors import CnnvizError, ModelError, ModelFileError, RunError
from cnnviz.runs import BEST, is_run, open_run, runs_folder

if TYPE_CHECKING:
    import keras

_SUFFIXES = (".weights.h5", ".keras", ".h5", ".hdf5", ".zip", ".pb")


def load_convnet(
    source: str | Path = DEFAULT,
    *,
    preparation: Preparation | None = None,
    class_names: Sequence[str] | None = None,
    head: int | None = None,
    architecture: str | None = None,
    is_trusted: bool = True,
) -> Convnet:
    """Open a network.

    What a file cannot tell and is not given here is taken from what was remembered of that file, else guessed.

    Args:
        source: A name of the catalogue; a path to a `.keras`, `.h5` or `.weights.h5` file, or to the `.zip` that
            Teachable Machine gives; a training run, by its name or its folder, with the weights of its best epoch.
        preparation: How a photo becomes its input.
        class_names: One name a class, two for a single sigmoid.
        head: Which of several outputs holds the class scores; the first if nobody said.
        architecture: Name of the catalogue's network that a file of weights belongs to.
        is_trusted: False for an upload: it is then first opened and run in a guarded process.

    Returns:
        The network. Loading the same source twice gives two objects that compare equal.

    Raises:
        ModelError: If nothing answers to the name, or the model does not take one picture.
        ModelFileError: If the file is missing, damaged, or holds anything that could run.
        RunError: If a run has not finished an epoch.

    Example:
        >>> load_convnet("cats.keras", class_names=["cat", "dog"]).class_names
        ('cat', 'dog')
    """
    source = _of_run(source) or source
    if _is_path(source):
        entry = _entry(architecture) if architecture else None
        builder = entry.build_untrained if entry else None
        model = open_model_file(source, is_trusted=is_trusted, architecture=builder)
        given = Answers(class_names=tuple(class_names or ()), head=head)
        return _wrap_file(model, Path(source), preparation or (entry.preparation if entry else None), given)
    entry = _entry(str(source))
    return convnet_from_model(
        entry.build(),
        name=entry.name,
        preparation=preparation or entry.preparation,
        class_names=class_names or entry.class_names(),
        head=head or 0,
    )


def _of_run(source: str | Path) -> Path | None:
    """Find the network of a run, if the source is one."""
    if source in catalogue():
        return None
    folder = next((place for place in (Path(source), runs_folder() / source) if is_run(place)), None)
    if folder is None:
        return None
    run = open_run(folder)
    if run.model is None:
        raise RunError("{name!r} has not finished an epoch, so there is no network to open yet.", name=run.name)
    return run.model


def _is_path(source: str | Path) -> bool:
    if isinstance(source, Path):
        return True
    return source not in catalogue() and (source.lower().endswith(_SUFFIXES) or os.path.lexists(source))


def _entry(name: str) -> Entry:
    entry = catalogue().get(name)
    if entry is None:
        raise ModelError(
            "There is no network {name}. Offline there is {default}; `cnnviz models` lists all.",
            name=shown(name),
            default=DEFAULT,
        )
    return entry


def _wrap_file(model: keras.Model, path: Path, preparation: Preparation | None, given: Answers) -> Convnet:
    """Combine what is given with what was remembered; drop the latter if the file has changed since."""
    remembered = recall(path) or _told(path)
    try:
        return _wrap(model, path, preparation, given, remembered)
    except CnnvizError:
        return _wrap(model, path, preparation, given, Answers())


def _told(path: Path) -> Answers:
    """What the file itself, or the labels beside it, tell."""
    facts = describe_model_file(path)
    return Answers(scaling=facts.scaling, class_names=facts.class_names)


def _wrap(
    model: keras.Model, path: Path, preparation: Preparation | None, given: Answers, remembered: Answers
) -> Convnet:
    head = given.head if given.head is not None else remembered.head
    try:
        return convnet_from_model(
            model,
            name=_name(path),
            preparation=preparation or _prepared(guess_preparation(model), remembered),
            class_names=given.class_names or remembered.class_names or None,
            head=head or 0,
        )
    except CnnvizError:
        raise
    except Exception as error:  # Keras passes on whatever a layer raises when it runs
        kind = type(error).__name__
        raise ModelFileError(
            "The model opens but does not run on one picture ({kind}). Try it in Keras first.", kind=kind
        ) from error


def _name(path: Path) -> str:
    """The file's name without the ending that says what kind of file it is; of a run, the run's."""
    if path.name == BEST and is_run(path.parent):
        return path.parent.resolve().name
    return next((path.name.removesuffix(suffix) for suffix in _SUFFIXES if path.name.endswith(suffix)), path.name)


def _prepared(guess: Preparation, remembered: Answers) -> Preparation:
    scaling = SCALINGS[remembered.scaling] if remembered.scaling else guess.scaling
    return replace(guess, scaling=scaling, fit=remembered.fit or guess.fit)
