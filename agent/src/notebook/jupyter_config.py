# Written by lcmap-spark for one run: makes lcmap_spark_guard.py known to Jupyter.
import os
import sys

if os.path.dirname(__file__) not in sys.path:
    sys.path.append(os.path.dirname(__file__))
