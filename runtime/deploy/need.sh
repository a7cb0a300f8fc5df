#!/bin/sh
# need.sh WHY PACKAGE…: installs the Debian packages that are missing, and says which and why.
set -eu
why=$1; shift
missing=""
for p in "$@"; do
  dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q '^install ok installed' || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
echo "Installing for $why:$missing"
sudo=""; [ "$(id -u)" -eq 0 ] || sudo=sudo
if [ -n "$sudo" ] && ! command -v sudo >/dev/null; then
  echo "Not root and no sudo: please run as root:  apt-get install -y$missing" >&2; exit 1
fi
$sudo apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
