"""What a shop can learn of its own log: counted when asked, never kept a second time."""

from data.analytics.satisfaction import Satisfaction, satisfaction
from data.analytics.steps import FIGURES, IDLE, StepFigures, step_figures

__all__ = ["FIGURES", "IDLE", "Satisfaction", "StepFigures", "satisfaction", "step_figures"]
