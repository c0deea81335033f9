# Two stages on one Debian release, so that the shared libraries agree. Build: docker build -t deadcalm .
# packaging/try_image builds this and shows that the image works.
FROM docker.io/library/debian:bookworm-slim AS build
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update && apt-get install -y --no-install-recommends \
      clang-19 lld-19 cmake ninja-build ccache pkg-config \
      libboost1.81-dev libboost-json1.81-dev \
      libcurl4-openssl-dev libssl-dev \
      libpq-dev libsqlite3-dev libsqlitecpp-dev \
      libhiredis-dev \
      libyaml-cpp-dev libre2-dev libcli11-dev \
      libspdlog-dev prometheus-cpp-dev zlib1g-dev \
      libhowardhinnant-date-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cmake --preset release && cmake --build --preset release --target deadcalm \
    && strip --strip-debug -o /deadcalm build/release/app/deadcalm

FROM docker.io/library/debian:bookworm-slim
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      ca-certificates tzdata \
      libboost-container1.81.0 libboost-json1.81.0 libcurl4 libssl3 libpq5 libsqlite3-0 libhiredis0.14 \
      libyaml-cpp0.7 libre2-9 libspdlog1.10 libprometheus-cpp-core1.0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin deadcalm \
    && install -d -o deadcalm -g deadcalm /data /config
COPY --from=build /deadcalm /usr/local/bin/deadcalm
# A library that is missing fails here.
RUN ["deadcalm", "version"]
USER 10001:10001
# /config holds deadcalm.yaml (read only is fine), /data the store. Nothing else is written but /tmp by the demo.
# In /config every command finds deadcalm.yaml by itself: docker exec CONTAINER deadcalm status
VOLUME ["/data"]
WORKDIR /config
# Says that this is a container where no file does: with a read-only root the engine's marks may be hidden.
ENV container=oci
EXPOSE 9178
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=6s --start-period=20s CMD ["deadcalm", "healthcheck", "-c", "/config/deadcalm.yaml"]
ENTRYPOINT ["deadcalm"]
CMD ["run", "-c", "/config/deadcalm.yaml"]
