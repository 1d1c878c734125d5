"""Named recipes."""

from __future__ import annotations

from dataclasses import dataclass

from cnnviz.sentences import Sentence
from cnnviz.training.augmentation import Augmentation
from cnnviz.training.recipe import TRANSFER, Recipe, Transfer

_TEXTBOOK = Augmentation(horizontal_flip=True, rotation=36.0, zoom=0.2)  # the usual three of the small data set
_PHOTOS = "fashion-sample"  # what is there offline; a folder of one's own photos takes its place


@dataclass(frozen=True)
class Named:
    """A recipe with what a person should know before they choose it.

    Attributes:
        recipe: Its settings.
        title: Its name for people.
        summary: What it is, and what it must show.
    """

    recipe: Recipe
    title: str
    summary: str


def _named(recipe: Recipe, title: str, summary: str) -> tuple[str, Named]:
    return recipe.name, Named(recipe, title, summary)


RECIPES: dict[str, Named] = dict(
    (
        _named(
            Recipe("lenet5", "mnist-5k", "lenet5", 12, batch_size=32, patience=3),
            Sentence("LeNet-5"),
            Sentence("The classic convnet for handwritten digits: two convolutions, 61,706 parameters."),
        ),
        _named(
            Recipe("mnist-dense", "mnist-5k", "mnist_dense", 5, batch_size=32, optimizer="sgd"),
            Sentence("Dense network on digits"),
            Sentence("The baseline for convolution: one hidden layer, 101,770 parameters."),
        ),
        _named(
            Recipe("mnist-convnet", "mnist-5k", "mnist_convnet", 5, optimizer="rmsprop"),
            Sentence("Digit convnet"),
            Sentence("Three convolutions (32, 64, 128), 104,202 parameters; at least 99 % accuracy on all of MNIST."),
        ),
        _named(
            Recipe("fashion-cnn", "fashion-sample", "fashion_cnn", 20, patience=2),
            Sentence("Fashion convnet"),
            Sentence(
                "Two padded convolutions, a dense layer and dropout 0.4; at least 91 % accuracy on all of "
                "Fashion-MNIST."
            ),
        ),
        _named(
            Recipe("cifar10-cnn", "cifar10", "cifar10_cnn", 10),
            Sentence("CIFAR-10 convnet"),
            Sentence("Three convolutions on small color photos, 122,570 parameters; about 71 % accuracy."),
        ),
        _named(
            Recipe("scratch", _PHOTOS, "small_data_convnet", 30, batch_size=32, optimizer="rmsprop"),
            Sentence("From scratch"),
            Sentence("Five convolutions, trained on a few photos. It overfits visibly."),
        ),
        _named(
            Recipe(
                "scratch-augmented",
                _PHOTOS,
                "small_data_convnet",
                60,
                batch_size=32,
                optimizer="rmsprop",
                augmentation=_TEXTBOOK,
                dropout=0.5,
            ),
            Sentence("From scratch, augmented"),
            Sentence("The same model with data augmentation (rotation, zoom, flip) and dropout 0.5."),
        ),
        _named(
            Recipe(
                "feature-extraction",
                _PHOTOS,
                TRANSFER,
                20,
                batch_size=32,
                optimizer="rmsprop",
                transfer=Transfer(),
            ),
            Sentence("Feature extraction"),
            Sentence(
                "A pretrained base extracts features once; only a small head is trained, in under a second per epoch."
            ),
        ),
        _named(
            Recipe(
                "feature-extraction-augmented",
                _PHOTOS,
                TRANSFER,
                20,
                batch_size=32,
                optimizer="rmsprop",
                augmentation=_TEXTBOOK,
                transfer=Transfer(way="frozen"),
            ),
            Sentence("Feature extraction, augmented"),
            Sentence("The frozen base runs on augmented photos in every epoch: slower, but less overfitting."),
        ),
        _named(
            Recipe(
                "fine-tuning",
                _PHOTOS,
                TRANSFER,
                20,
                batch_size=32,
                optimizer="rmsprop",
                augmentation=_TEXTBOOK,
                transfer=Transfer(way="fine-tuning"),
            ),
            Sentence("Fine-tuning"),
            Sentence("First the head alone, then the base's last three convolutions with it, at a low learning rate."),
        ),
        _named(
            Recipe(
                "resnet50-transfer",
                _PHOTOS,
                TRANSFER,
                10,
                batch_size=32,
                optimizer="nag",
                learning_rate=0.01,
                augmentation=_TEXTBOOK,
                transfer=Transfer(base="resnet50", way="frozen", dense=0, dropout=0.0),
            ),
            Sentence("ResNet50 transfer learning"),
            Sentence("ResNet50 with global average pooling and one softmax layer."),
        ),
    )
)
