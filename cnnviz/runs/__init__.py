"""Training runs on disk: their folder is the record, and reading it changes nothing.

- `recipe.json`: what was asked for
- `environment.json`: versions, seed, data
- `status.json`: where it stands, replaced as a whole
- `history.csv`: one row an epoch
- `train.log`: what it said
- `lock`: held while the trainer lives
- `stop`: somebody asks it to stop
- `checkpoints/`: all that an exact resume needs
- `snapshots/`: weights at chosen epochs
- `tensorboard/`: for TensorBoard
- `best.keras`: weights of the best epoch
- `last.keras`: weights of the last epoch
"""

from cnnviz.runs.folder import BEST, Run, is_run, list_runs, open_run, runs_folder, trained_networks, trained_run
from cnnviz.runs.history import MOST_EPOCHS, History, read_history
from cnnviz.runs.remarks import Remark, remarks
from cnnviz.runs.snapshots import snapshot_path, snapshots
from cnnviz.runs.status import ENDED, RESUMABLE, STATES, State, Status

__all__ = [
    "BEST",
    "ENDED",
    "MOST_EPOCHS",
    "RESUMABLE",
    "STATES",
    "History",
    "Remark",
    "Run",
    "State",
    "Status",
    "is_run",
    "list_runs",
    "open_run",
    "read_history",
    "remarks",
    "runs_folder",
    "snapshot_path",
    "snapshots",
    "trained_networks",
    "trained_run",
]
