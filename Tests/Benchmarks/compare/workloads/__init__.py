"""All workloads, in the order of the report."""

from .keys import Keys
from .me import Me
from .memory import Connections, Memory
from .mixed import Mixed, MixedWithoutLogins
from .overload import Overload
from .refresh import Refresh
from .scale import TenantsMe, TenantsRefresh, UsersLogin, UsersMe, UsersRefresh
from .start import Start

WORKLOADS = [
    Keys, Me, Refresh, Mixed, MixedWithoutLogins, Overload, UsersMe, UsersRefresh, UsersLogin, TenantsMe, TenantsRefresh,
    Memory, Connections, Start,
]
