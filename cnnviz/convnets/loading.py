"""`load_convnet`: opening of a model by name, from a file, or from a training run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cnnviz.convnets.assumptions import KNOWN, REMEMBERED
from cnnviz.convnets.catalog import DEFAULT, Entry, catalog
from cnnviz.convnets.config_rules import shown
from cnnviz.convnets.convnet import Convnet, Preparation
from cnnviz.convnets.facts import describe_model_file
from cnnviz.convnets.files import open_model_file
from cnnviz.convnets.overrides import Answers, recall
from cnnviz.convnets.wrapping import Said, names_from, scaling_named, wrap
from cnnviz.errors import CnnvizError, ModelError, ModelFileError, RunError
from cnnviz.images import Fit
from cnnviz.runs import BEST, is_run, open_run, runs_folder
from cnnviz.sentences import Sentence

if TYPE_CHECKING:
    import keras

_SUFFIXES = (".weights.h5", ".keras", ".h5", ".hdf5", ".zip", ".pb")


def load_convnet(
    source: str | Path = DEFAULT,
    *,
    preparation: Preparation | None = None,
    scaling: str | None = None,
    fit: Fit | None = None,
    class_names: Sequence[str] | str | Path | None = None,
    head: int | str | None = None,
    outputs: str | None = None,
    class_order: str | None = None,
    architecture: str | None = None,
    is_trusted: bool = True,
) -> Convnet:
    """Open a model.

    What a file cannot tell and is not given here is taken from what was remembered of that file, else guessed.

    Args:
        source: A name of the catalog; a path to a `.keras`, `.h5` or `.weights.h5` file, or to the `.zip` that
            Teachable Machine gives; a training run, by its name or its folder, with the weights of its best epoch.
        preparation: How a photo becomes its input; goes before `scaling` and `fit`.
        scaling: How pixels become numbers, a key of `SCALINGS`.
        fit: How an image of another shape is brought to the model's size: `stretch`, `crop`, `pad`.
        class_names: One name a class, two for a single sigmoid; or a file of them, see `read_labels`.
        head: Which of several outputs holds the scores, by name or number; the main one by the usual signs.
        outputs: What the outputs are, see `Convnet.outputs`; found from graph and values if nobody said.
        class_order: How folders are numbered where classes have no names: `sorted`, as Keras does, or `natural`.
        architecture: Name of the catalog's model that a file of weights belongs to.
        is_trusted: False for an upload: it is then first opened and run in a guarded process.

    Returns:
        The model. Loading the same source twice gives two objects that compare equal.

    Raises:
        ModelError: If nothing answers to the name, or the model does not take one image.
        ModelFileError: If the file is missing, damaged, or holds anything that could run.
        RunError: If a run has not finished an epoch.

    Example:
        >>> load_convnet("cats.keras", class_names=["cat", "dog"]).class_names
        ('cat', 'dog')
    """
    source = _of_run(source) or source
    said = Said(scaling, fit, names_from(class_names), head, outputs, class_order)
    if _is_path(source):
        entry = _entry(architecture) if architecture else None
        builder = entry.build_untrained if entry else None
        model = open_model_file(source, is_trusted=is_trusted, architecture=builder)
        return _wrap_file(model, Path(source), _changed(preparation, said, entry), said)
    entry = _entry(str(source))
    known = Said(class_names=entry.class_names(), why=KNOWN)
    prepared = _changed(preparation, said, entry)
    return wrap(entry.build(), name=entry.name, preparation=prepared, sources=(said, known), why=KNOWN)


def _changed(preparation: Preparation | None, said: Said, entry: Entry | None) -> Preparation | None:
    """The preparation that is given or known, with what a person says otherwise."""
    known = preparation or (entry.preparation if entry else None)
    if preparation or known is None:
        return known
    scaling = scaling_named(said.scaling, known.channels) if said.scaling else known.scaling
    return replace(known, scaling=scaling, fit=said.fit or known.fit)


def _of_run(source: str | Path) -> Path | None:
    """Find the model of a run, if the source is one."""
    if source in catalog():
        return None
    folder = next((place for place in (Path(source), runs_folder() / source) if is_run(place)), None)
    if folder is None:
        return None
    run = open_run(folder)
    if run.model is None:
        raise RunError("{name!r} has not finished an epoch, so there is no model to open yet.", name=run.name)
    return run.model


def _is_path(source: str | Path) -> bool:
    if isinstance(source, Path):
        return True
    return source not in catalog() and (source.lower().endswith(_SUFFIXES) or os.path.lexists(source))


def _entry(name: str) -> Entry:
    entry = catalog().get(name)
    if entry is None:
        raise ModelError(
            "There is no model {name}. {default} is available offline; `cnnviz models` lists all built-in models.",
            name=shown(name),
            default=DEFAULT,
        )
    return entry


def _wrap_file(model: keras.Model, path: Path, preparation: Preparation | None, said: Said) -> Convnet:
    """Combine what is said with what was remembered; drop the latter if the file has changed since."""
    told = _told(path)
    remembered = Said(**asdict(recall(path) or Answers()), why=REMEMBERED)
    try:
        return _wrap(model, path, preparation, (said, remembered, *told))
    except CnnvizError:
        return _wrap(model, path, preparation, (said, *told))


def _told(path: Path) -> tuple[Said, Said]:
    """What the file itself, and the labels beside it, tell."""
    facts = describe_model_file(path)
    why = Sentence("as Teachable Machine prepares images")
    of_file = Said(scaling=facts.scaling, fit=facts.fit, loss=facts.training_loss, why=why)
    return of_file, Said(class_names=facts.class_names, why=Sentence("from the labels that came with the file"))


def _wrap(model: keras.Model, path: Path, preparation: Preparation | None, sources: tuple[Said, ...]) -> Convnet:
    try:
        return wrap(model, name=_name(path), preparation=preparation, sources=sources)
    except CnnvizError:
        raise
    except Exception as error:  # Keras passes on whatever a layer raises when it runs
        kind = type(error).__name__
        raise ModelFileError(
            "The model opens but does not run on one image ({kind}). Try it in Keras first.", kind=kind
        ) from error


def _name(path: Path) -> str:
    """The file's name without the ending that says what kind of file it is; of a run, the run's."""
    if path.name == BEST and is_run(path.parent):
        return path.parent.resolve().name
    return next((path.name.removesuffix(suffix) for suffix in _SUFFIXES if path.name.endswith(suffix)), path.name)
