# Sourced by packaging/try_image, which sets storage, image and work: what is asked of the built image. Every
# container runs as a careful operator would run it: read only, no capability, no way to gain one, no network but
# its own loopback. Limits are given since podman would raise its own, and root may not everywhere. The health
# check is run by hand: podman leaves that to timers of systemd.
podman=(podman "${storage[@]}" --runtime crun --cgroup-manager cgroupfs)
careful=(--cgroups=disabled --read-only --cap-drop=all --security-opt=no-new-privileges
  --no-healthcheck --ulimit nofile=1024:1024 --ulimit nproc=4096:4096)

failed=0
# expect WHAT WANTED GOT: WANTED is a pattern of bash's [[ == ]].
expect() {
  # shellcheck disable=SC2053  # a pattern on purpose
  if [[ $3 == $2 ]]; then echo "  ok      $1"; return 0; fi
  printf '  FAILED  %s\n          wanted %s\n          got    %s\n' "$1" "$2" "$3"
  failed=1
}

# once ARGUMENT...: a container of its own, what it prints and, on the last line, how it ended.
once() { timeout 120 "${podman[@]}" run --rm --network=none "${careful[@]}" "$@" 2>&1 && echo "exit 0" || echo "exit $?"; }

# within SECONDS COMMAND...: waits until the command succeeds.
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || return 1; sleep 0.2; done
}

check_settings() {
  local get
  get() { buildah "${storage[@]}" inspect --type image --format "{{$1}}" "$image"; }
  expect "runs as user 10001" "10001:10001" "$(get .Docker.Config.User)"
  expect "asks its own health" "*CMD deadcalm healthcheck -c /config/deadcalm.yaml*" "$(get .Docker.Config.Healthcheck)"
  expect "keeps its store on a volume" "map?/data:*" "$(get .Docker.Config.Volumes)"
  expect "is stopped by SIGTERM" "SIGTERM" "$(get .Docker.Config.StopSignal)"
  local inside
  inside=$(once --entrypoint sh "$image" -c 'id -u; touch /data/x && echo writes; touch /x; cat /proc/self/status')
  expect "has no user name to guess: 10001, /data is its own" "10001?writes?*" "$inside"
  expect "has a read-only root" "*/x*Read-only file system*" "$inside"
  expect "has no capability and gains none" "*CapPrm:*0000000000000000*CapBnd:*0000000000000000*NoNewPrivs:*1*" "$inside"
}

check_demo() {
  local shown
  shown=$(once "$image" demo --seconds 50)
  expect "demo: pages for the deletion, then for the loss, then resolves" \
    "*+- PAGE 1,*apps still look fine*+- PAGE 2,*RECORDS ARE GONE*RESOLVED*deadcalm: paged*exit 0" "$shown"
  expect "demo: says where its addresses are" "*--network host*" "$shown"
  shown=$(script --quiet --return --command "$(printf '%q ' "${podman[@]}" run --rm -it --network=none "${careful[@]}" "$image" \
    demo --seconds 3)" /dev/null </dev/null) && shown+="exit 0"
  expect "demo: on a terminal" "*healthy (first proof, armed)*exit 0" "$shown"
}

# What goes wrong first, and what is then said.
check_refusals() {
  expect "no configuration: which file, what to do" "*/config/deadcalm.yaml*exit 2" "$(once "$image")"
  mkdir -p "$work/not_ours"
  expect "/data of somebody else: which folder, which user" "*/data/deadcalm.db.lock*user id 10001*exit 1" \
    "$(once -v "$work/config:/config:ro" -v "$work/not_ours:/data" "$image")"
  expect "/data read only" "*/data/deadcalm.db.lock: Read-only file system*exit 1" \
    "$(once -v "$work/config:/config:ro" -v "$work/not_ours:/data:ro" "$image")"
  expect "no daemon: not healthy" "*exit 1" "$(once -v "$work/config:/config:ro" "$image" healthcheck)"
}

check_check() {
  mkdir -p "$work/secrets" "$work/rest"
  cp config/examples/rest-behind-cdn.yaml "$work/rest/deadcalm.yaml"
  echo "postgresql://reader:secret@db.example.com/shop" >"$work/secrets/orders_ro"
  echo "0123456789abcdef0123456789abcdef" >"$work/secrets/pagerduty"
  chmod 0400 "$work"/secrets/*
  local with=(-v "$work/rest:/config:ro" -v "$work/secrets:/run/secrets:ro" -e ORDERS_CANARY_KEY=key
    -e SLACK_WEBHOOK=https://hooks.example.com/services/T0/B0/X0)
  expect "a secret that only root may read: which file, why, which user" \
    "*/run/secrets/orders_ro*Permission denied*user id 10001*exit 2" "$(once "${with[@]}" "$image" check)"
  chown 10001 "$work"/secrets/*
  expect "check: configuration, secrets from files and variables" "*outage → page*130 s*exit 0" \
    "$(once "${with[@]}" "$image" check)"
}

# The demo's shop in one container, the daemon in another one on the same loopback, its state on a named volume.
check_watching() {
  local shop=(--network=container:shop -v "$work/config:/config:ro" -v deadcalm-data:/data)
  "${podman[@]}" run -d --name shop --network=none "${careful[@]}" "$image" demo >/dev/null
  start() { "${podman[@]}" run -d --replace --name watch "${careful[@]}" "${shop[@]}" "$image" >/dev/null; }
  inside() { "${podman[@]}" exec watch deadcalm "$@"; }
  settled() { "${podman[@]}" logs shop 2>&1 | grep -q "sentinels accept"; }
  within 90 settled || expect "the demo comes to its end" yes no
  start
  expect "run: becomes healthy" yes "$(within 20 inside healthcheck && echo yes)"
  verified() { inside status | grep -qE '^orders +healthy'; }
  expect "run: writes to a shop and reads back" yes "$(within 30 verified && echo yes)"
  expect "run: takes commands by exec" "noted: silence orders*" "$(inside silence orders 5m --reason test 2>&1)"
  instance() { inside status | sed -n '1s/.*(\(.*\)).*/\1/p'; }
  local before began=$SECONDS
  before=$(instance)
  "${podman[@]}" stop --time 20 watch >/dev/null
  expect "SIGTERM: drains, exit 0" 0 "$("${podman[@]}" inspect --format '{{.State.ExitCode}}' watch)"
  expect "SIGTERM: says so" "*stopped" "$("${podman[@]}" logs watch 2>&1)"
  expect "SIGTERM: within 5 s" yes "$([ $((SECONDS - began)) -le 5 ] && echo yes)"
  start
  within 20 inside healthcheck
  expect "the next container on the volume is the same instance" "$before" "$(instance)"
}

check_image() {
  mkdir -p "$work/config"
  # The shop's addresses in the demo; a second look every second, so that this takes no minutes.
  sed -e '/^store:/d' -e '$a defaults: { page: [console], notify: [console], interval: 1s, timeout: 500ms }' \
    -e '/^defaults:/d' config/examples/minimal.yaml >"$work/config/deadcalm.yaml"
  echo "image: $("${podman[@]}" images --format '{{.Size}}' "$image") unpacked, the program in it: $(once "$image" version | head -n 1)"
  check_settings
  check_refusals
  check_check
  check_demo
  check_watching
  [ $failed -eq 0 ] && echo "packaging/try_image: the image works" || echo "packaging/try_image: FAILED, see above" >&2
  return $failed
}
