# The dashboard for a class: docker build -t cnnviz . && docker run -p 8501:8501 cnnviz
FROM python:3.11-slim
WORKDIR /build
COPY requirements.lock ./
RUN pip install --no-cache-dir -r requirements.lock
COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation . && rm -r /build/* \
    && python -m compileall -q /usr/local/lib/python3.11/site-packages && useradd --create-home cnnviz
USER cnnviz
WORKDIR /home/cnnviz
EXPOSE 8501
HEALTHCHECK --start-period=60s CMD ["python", "-c", "import urllib.request as u, sys; sys.exit(u.urlopen('http://127.0.0.1:8501/_stcore/health').read() != b'ok')"]
CMD ["cnnviz", "app", "--host", "0.0.0.0", "--port", "8501", "--headless"]
