"""x"""

from cnnviz.dashboard import shell

shell.require_shell()
