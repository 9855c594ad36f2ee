"""A real mail server of one's own: whoever at example.com gets mail, it lies in one Maildir.

It keeps to itself: a free port of 127.0.0.1, a folder for its settings, its queue and its mails,
nothing of the system's own Postfix, and no way out for any mail.
"""

import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Self

from tests.system import free_port, until

# Postfix leaves a mailbox to its owner, who must not be root.
OWNER = "nobody"

MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = mail.example.com
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
mydestination =
alias_maps =
smtpd_peername_lookup = no
disable_dns_lookups = yes
smtpd_relay_restrictions = reject_unauth_destination
default_transport = error:no mail leaves this machine
virtual_mailbox_domains = example.com
virtual_mailbox_base = {folder}
virtual_mailbox_maps = static:mail/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
"""
# Service, type, private, unprivileged, chroot, wakeup, most processes, command: see master(5).
MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
proxymap unix - - n - - proxymap
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    def __enter__(self) -> Self:
        # Not below the tests' own folders: those are closed to the users that Postfix works as.
        self.folder = Path(tempfile.mkdtemp(prefix="pennypost-postfix-"))
        self.port = free_port()
        self._furnish()
        self.process = self._postfix("start-fg")
        until(self._answers)
        return self

    def __exit__(self, *about: object) -> None:
        if self.process.poll() is None:
            self._postfix("stop").wait(30)
        self.process.wait(30)
        shutil.rmtree(self.folder)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def mails(self) -> list[bytes]:
        """All that arrived, as the files of the Maildir say."""
        return [path.read_bytes() for path in (self.folder / "mail/new").glob("*")]

    def _furnish(self) -> None:
        self.folder.chmod(0o755)
        owners = {"etc": "root", "queue": "root", "data": "postfix", "mail": OWNER}
        for name, user in owners.items():
            (self.folder / name).mkdir(mode=0o755)
            shutil.chown(self.folder / name, user)
        owner = pwd.getpwnam(OWNER)
        main = MAIN.format(folder=self.folder, uid=owner.pw_uid, gid=owner.pw_gid)
        (self.folder / "etc/main.cf").write_text(main)
        (self.folder / "etc/master.cf").write_text(MASTER.format(port=self.port))

    def _postfix(self, command: str) -> subprocess.Popen:
        return subprocess.Popen(
            ["postfix", "-c", self.folder / "etc", command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _answers(self) -> bool:
        log = self.folder / "log"
        assert self.process.poll() is None, log.read_text() if log.exists() else "Nothing was said."
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True
