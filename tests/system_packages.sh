#!/bin/sh
# Installs what only the system can give the tests: Chromium, fonts that know Korean, all of Fashion-MNIST. Needs Debian and root.
missing=""
command -v chromium >/dev/null 2>&1 || missing="chromium fonts-noto-cjk"
[ -e /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz ] || missing="$missing dataset-fashion-mnist"
[ -z "$missing" ] && exit 0
line="apt-get install -y --no-install-recommends $missing"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive $line >/dev/null || exit 1
else
    echo "Some tests will be skipped. To run them: sudo $line"
fi
