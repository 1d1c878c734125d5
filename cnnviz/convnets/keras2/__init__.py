"""Model files of Keras 2 (TensorFlow 2.2 to 2.15), translated for Keras 3."""

from cnnviz.convnets.keras2.description import LayerPlan, Translation, is_keras2, translate

__all__ = ["LayerPlan", "Translation", "is_keras2", "translate"]
