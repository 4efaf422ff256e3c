"""The web program: one application, two faces."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "entraide.project.settings")
application = get_wsgi_application()
