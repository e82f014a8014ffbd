# One image for all processes: docker build -t luan-city-brain . ; docker run luan-city-brain web|gateway|runner|cameras|...
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app

COPY requirements.txt .
RUN pip install -r requirements.txt

RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin city && install -d -o city -g city -m 700 /data
COPY app.py LICENSE ./
COPY core core
COPY components components
COPY data_sources data_sources
COPY pages pages
COPY callbacks callbacks
COPY web web
COPY service service
COPY assets assets
COPY demo demo
COPY config config

USER city
ENV CITY_CONFIG=/app/config/luan CITY_DATA_DIR=/data CITY_HOST=0.0.0.0 CITY_LISTEN_HOST=0.0.0.0 CITY_LOG_FORMAT=json
VOLUME /data
EXPOSE 8050 6808 6212 6680
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "app.py"]
CMD ["web"]
