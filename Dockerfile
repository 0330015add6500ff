# bpusim in a container: the first stage builds its Debian package, the second has that alone.
#
#   docker build -t bpusim .
#   docker run --rm -v "$PWD:/work" bpusim run model.onnx --machine rdk-x5

FROM debian:12-slim AS build
WORKDIR /src
COPY scripts/setup scripts/setup
RUN scripts/setup build
COPY . .
RUN cmake --preset release && cmake --build --preset release --target deb

FROM debian:12-slim
COPY --from=build /src/build/release/bpusim_*.deb /tmp/
RUN apt-get update && apt-get install -y --no-install-recommends /tmp/bpusim_*.deb && rm -rf /tmp/bpusim_*.deb /var/lib/apt/lists/*
WORKDIR /work
ENTRYPOINT ["bpusim"]
CMD ["--help"]
