#!/bin/sh
# Installs what only the system can give the tests: Chromium and fonts that know Korean. Needs Debian and root.
command -v chromium >/dev/null 2>&1 && exit 0
line="apt-get install -y --no-install-recommends chromium fonts-noto-cjk"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive $line >/dev/null || exit 1
else
    echo "Browser tests will be skipped. To run them: sudo $line"
fi
