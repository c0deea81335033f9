# Sourced by ./run and ./test: what is needed from Debian, and why. One place, so that both agree with
# each other and with the Dockerfile (a test compares them).
build_packages=(
  clang-19 lld-19 cmake ninja-build ccache pkg-config   # compiler and build
  libboost1.81-dev libboost-json1.81-dev                # event loop, HTTP server, JSON
  libcurl4-openssl-dev libssl-dev                       # HTTP client, TLS, HMAC
  libpq-dev libsqlite3-dev libsqlitecpp-dev             # PostgreSQL probes, the embedded store
  libhiredis-dev                                        # the parser of Redis probes
  libyaml-cpp-dev libre2-dev libcli11-dev               # configuration, assertions, command line
  libspdlog-dev prometheus-cpp-dev zlib1g-dev           # logs, metrics
  libhowardhinnant-date-dev                             # time zones
)
test_packages=(
  catch2 librapidcheck-dev                              # test framework, property tests
)
server_packages=(
  postgresql-15 nginx-light varnish                     # real peers of the integration tests
  pgbouncer                                             # PostgreSQL through a pooler
  prometheus prometheus-alertmanager
  python3 curl
  redis-server openssl                                  # Redis, with TLS too
  monitoring-plugins-basic                              # check_http and check_tcp as views
  python3-botocore                                      # checks the signatures of AWS requests
)
# Node.js as it is where there is one with its npm; else Debian's.
command -v npm >/dev/null || server_packages+=(nodejs npm)   # GraphQL, AppSync, DynamoDB and S3 servers of the tests

# install_missing WHY PACKAGE...: says what apt will install and why, then installs it.
install_missing() {
  local why=$1 missing=() package
  shift
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "deadcalm: needs root or sudo to install: ${missing[*]}" >&2; return 1; }
    sudo=(sudo)
  fi
  echo "deadcalm: apt installs ${#missing[@]} packages ($why): ${missing[*]}"
  # Daemons from these packages must not start: the tests run their own, on free ports.
  "${sudo[@]}" apt-get -o DPkg::Lock::Timeout=600 -qq update
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
    apt-get -o DPkg::Lock::Timeout=600 -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
}
