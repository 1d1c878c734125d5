"""How are the tiny models of these tests built?"""

from cnnviz.convnets import SCALINGS, Convnet, Preparation, convnet_from_model

SIZE = 20


def wrap(model, *, channels=3, size=SIZE) -> Convnet:
    return convnet_from_model(model, preparation=Preparation((size, size), channels, "crop", SCALINGS["0..1"]))


def small_model(rng, *, channels=3, size=SIZE, activation="relu", outputs="softmax", classes=3):
    """Two convolutions, pooled, and class scores; random weights."""
    import keras
    from keras import layers

    image = keras.Input((size, size, channels))
    x = layers.Conv2D(4, 3, activation="relu", name="early")(image)
    x = layers.Conv2D(20, 3, activation=activation, name="late")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    model = keras.Model(image, layers.Dense(classes, activation=outputs, name="scores")(x), name="small")
    model.set_weights([rng.normal(0, 0.5, weight.shape) for weight in model.get_weights()])
    return model
