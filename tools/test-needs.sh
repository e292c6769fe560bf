#!/bin/sh
# PostgreSQL and Chromium for the tests: installed by apt where that may be done, a clear word where not.
missing=""
ls /usr/lib/postgresql/*/bin/initdb > /dev/null 2>&1 || command -v initdb > /dev/null 2>&1 || missing="$missing postgresql"
command -v chromium > /dev/null 2>&1 || missing="$missing chromium"
[ -z "$missing" ] && exit 0

as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo -n"
if command -v apt-get > /dev/null 2>&1 && $as_root true 2> /dev/null; then
  echo "installing for the tests:$missing"
  $as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing > /dev/null && exit 0
fi
echo "Not there, and not to be installed from here:$missing. The tests that need it are skipped; as root: apt install$missing" >&2
exit 0
