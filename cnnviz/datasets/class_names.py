"""Class names of MNIST, Fashion-MNIST, CIFAR-10 and cats vs. dogs, in label order."""

DIGITS = tuple("0123456789")
FASHION = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CATS_AND_DOGS = ("cat", "dog")
