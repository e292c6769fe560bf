#!/bin/sh
# Print a Python of version 3.11 or newer, or say how to get one.
for name in python3 python3.14 python3.13 python3.12 python3.11; do
  if command -v "$name" > /dev/null 2>&1 && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then
    echo "$name"
    exit 0
  fi
done
echo "Python 3.11 or newer is needed. On Debian 12: apt install python3 python3-venv" >&2
exit 1
