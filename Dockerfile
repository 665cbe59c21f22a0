FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -o /out/depeche . && mkdir -m 0700 /out/data

# Certificates for TLS and a user that is not root, and no shell. So there is no
# HEALTHCHECK: whoever runs the image asks /healthz and /readyz.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/depeche /usr/local/bin/depeche
COPY --from=build --chown=nonroot:nonroot /out/data /data
ENV DEPECHE_LISTEN=0.0.0.0:8080 DEPECHE_DATA=/data
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/depeche"]
