"""All workloads, in the order of the report."""

from .keys import Keys
from .me import Me
from .mixed import Mixed, MixedWithoutLogins
from .overload import Overload
from .refresh import Refresh
from .scale import TenantsMe, TenantsRefresh, UsersLogin, UsersMe, UsersRefresh

WORKLOADS = [
    Keys, Me, Refresh, Mixed, MixedWithoutLogins, Overload, UsersMe, UsersRefresh, UsersLogin, TenantsMe, TenantsRefresh,
]
