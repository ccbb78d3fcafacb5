# Shared by the scripts: finds the ground that they stand on. Sourced, not run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PYTHON_WANTED=3.11
say() { printf '%s\n' "$*" >&2; }

find_python() {
  local candidate
  for candidate in "${TASUKE_PYTHON:-}" python3.11 python3 python; do
    [ -n "$candidate" ] || continue
    if command -v "$candidate" >/dev/null 2>&1 &&
      [ "$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$PYTHON_WANTED" ]; then
      command -v "$candidate"
      return 0
    fi
  done
  return 1
}

# apt packages by what they bring: fonts for papers, poppler to turn them into pictures.
DEBIAN_PACKAGES="fonts-morisawa-bizud-gothic fonts-morisawa-bizud-mincho fonts-ipamj-mincho fontconfig"

install_debian_packages() {
  local missing="" package
  for package in $DEBIAN_PACKAGES; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing="$missing $package"
  done
  [ -z "$missing" ] && return 0
  if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" != 0 ]; then
    say "次の Debian パッケージがありません(root で apt-get install してください):$missing"
    return 1
  fi
  say "Debian パッケージを入れます:$missing"
  # shellcheck disable=SC2086
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } >&2 ||
    { say "入れられませんでした:$missing"; return 1; }
}

install_python_packages() { # $1: requirements file
  local python stamp
  if ! python="$(find_python)"; then
    say "Python $PYTHON_WANTED が見つかりません。Debian 12 では apt-get install python3 python3-venv で入ります。"
    return 1
  fi
  if [ ! -x .venv/bin/python ]; then
    say "仮想環境 .venv を作ります"
    "$python" -m venv .venv || { say "venv を作れません。Debian 12 では apt-get install python3-venv が必要です。"; return 1; }
  fi
  stamp="$(cat "$1" pyproject.toml | sha256sum | cut -d' ' -f1)"
  if [ "$(cat ".venv/stamp-$(basename "$1")" 2>/dev/null)" != "$stamp" ]; then
    say "Python の部品を入れます($1)"
    .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r "$1"
    .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e . 2>/dev/null ||
      .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps -e .
    printf '%s' "$stamp" >".venv/stamp-$(basename "$1")"
  fi
}
