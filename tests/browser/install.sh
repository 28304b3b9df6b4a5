#!/bin/sh
# Bring Chromium and Chinese fonts for the browser tests, where this machine lets us; say so loudly where it does not.
have() { command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1; }
fonts() { command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=zh family 2>/dev/null)" ]; }
if have && fonts; then exit 0; fi
if command -v apt-get >/dev/null 2>&1; then
    sudo=""; [ "$(id -u)" = 0 ] || sudo="sudo -n"
    $sudo apt-get update -qq >/dev/null 2>&1
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends chromium fontconfig fonts-noto-cjk >/dev/null 2>&1
fi
have || echo "*** No Chromium here, and it could not be installed: browser tests will be skipped (CI fails instead). ***" >&2
fonts || echo "*** No Chinese font here, and none could be installed: tests of figures will be skipped (CI fails instead). ***" >&2
exit 0
