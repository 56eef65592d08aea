"""The blueprint of loyalty programmes."""

from flask_smorest import Blueprint

blueprint = Blueprint("loyalties", __name__)
