"""Asks OpenStack's own code, as PyPI has it, for the configurations it writes and for what it makes of our version.

Only what that code stands on and does not use here (oslo, the database) is replaced by empty shells; the classes and templates
that write keepalived.conf are the published ones. Prints one JSON object.
"""

import importlib
import ipaddress
import json
import subprocess
import sys
import types
from importlib.machinery import ModuleSpec
from unittest.mock import MagicMock


class Shell(types.ModuleType):
    """A module in which everything can be found, and nothing does anything."""

    __path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        value = MagicMock(name=f"{self.__name__}.{name}")
        setattr(self, name, value)
        return value


class Finder:
    """Gives shells for packages that are not installed."""

    SHELLS = ("oslo_", "neutron_lib", "neutron._i18n", "neutron.agent.linux.external_process",
              "neutron.agent.linux.utils", "neutron.common.utils", "octavia.common.config", "octavia.common.utils",
              "octavia.db", "octavia.amphorae.backends.agent.api_server.util", "octavia.i18n", "pbr", "eventlet")

    def find_spec(self, name, path=None, target=None):
        if name.startswith(self.SHELLS):
            return ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return Shell(spec.name)

    def exec_module(self, module):
        pass


# In front: a shell must win over a module that is there and would want half of OpenStack.
sys.meta_path.insert(0, Finder())


def execute(command, addl_env=None, return_stderr=False, **_rest):
    """What neutron.agent.linux.utils.execute does, without its privilege helper; PATH is the test's."""
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    return (ended.stdout, ended.stderr) if return_stderr else ended.stdout


def neutron():
    """An HA router with an inner and an outer network, as the L3 agent configures it."""
    lib = importlib.import_module("neutron_lib")
    constants = importlib.import_module("neutron_lib.constants")
    exceptions = importlib.import_module("neutron_lib.exceptions")
    lib.constants, lib.exceptions = constants, exceptions
    # Values of neutron-lib.
    constants.PRIVATE_CIDR_RANGE = "169.254.192.0/18"
    constants.METADATA_CIDR = "169.254.169.254/32"
    constants.DVR_FIP_LL_CIDR = "169.254.64.0/18"
    exceptions.NeutronException = type("NeutronException", (Exception,), {})
    exceptions.ProcessExecutionError = subprocess.CalledProcessError
    utils = importlib.import_module("neutron.agent.linux.utils")
    utils.execute = execute
    versionutils = importlib.import_module("oslo_utils.versionutils")
    versionutils.convert_version_to_tuple = lambda text: tuple(int(part) for part in text.split("."))
    importlib.import_module("oslo_utils").versionutils = versionutils

    checks = importlib.import_module("neutron.cmd.runtime_checks")
    keepalived = importlib.import_module("neutron.agent.linux.keepalived")
    configuration = keepalived.KeepalivedConf()
    router = keepalived.KeepalivedInstance(
        "BACKUP", "ha-1", 7, ["169.254.192.0/24"], advert_int=2, nopreempt=True, mcast_src_ip="169.254.192.1",
        vrrp_auth_type="PASS", vrrp_auth_password="secret12")
    router.track_interfaces.append("ha-1")
    router.add_vip("192.0.2.1/24", "qr-1", None)
    router.add_vip("fe80::1:2/64", "qr-1", "link")
    router.add_vip("198.51.100.7/24", "qg-1", None)
    router.virtual_routes.gateway_routes = [
        keepalived.KeepalivedVirtualRoute("0.0.0.0/0", "198.51.100.1", "qg-1")]
    router.virtual_routes.extra_subnets = [
        keepalived.KeepalivedVirtualRoute("203.0.113.0/24", None, "qg-1", "link")]
    configuration.add_instance(router)
    return {
        "version": list(checks.get_keepalived_version()),
        "no_track": checks.keepalived_use_no_track_support(),
        "primary": router.get_primary_vip(),
        "configuration": configuration.get_config_str(),
    }


def amphora(number, address):
    return types.SimpleNamespace(
        status="ALLOCATED", vrrp_ip=address, vrrp_interface="eth0", vrrp_id=1, vrrp_priority=100 - number)


def octavia():
    """An active-standby pair of amphorae, and a UDP load balancer."""
    config = importlib.import_module("oslo_config.cfg")
    importlib.import_module("oslo_config").cfg = config
    vrrp = config.CONF.keepalived_vrrp
    vrrp.vrrp_garp_refresh_interval, vrrp.vrrp_garp_refresh_count = 5, 2
    vrrp.vrrp_check_interval, vrrp.vrrp_fail_count, vrrp.vrrp_success_count = 1, 2, 2
    util = importlib.import_module("octavia.amphorae.backends.agent.api_server.util")
    importlib.import_module("octavia.amphorae.backends.agent.api_server").util = util
    util.keepalived_check_script_path = lambda: "/etc/keepalived/check.sh"
    templater = importlib.import_module("octavia.amphorae.drivers.keepalived.jinja.jinja_cfg")
    amphorae = [amphora(0, "10.77.0.1"), amphora(1, "10.77.0.2")]
    group = types.SimpleNamespace(
        vrrp_group_name="0c1a8e2f9b", vrrp_auth_type="PASS", vrrp_auth_pass="1a2b3c4", advert_int=1)
    balancer = types.SimpleNamespace(
        vip=types.SimpleNamespace(ip_address="10.77.0.100"), vrrp_group=group, amphorae=amphorae)
    network = {"vip_subnet": {"cidr": "10.77.0.0/24", "gateway_ip": "10.77.0.254", "host_routes": []},
               "additional_vip_data": []}
    pair = [templater.KeepalivedJinjaTemplater().build_keepalived_config(balancer, one, network)
            for one in amphorae]
    return {"pair": pair, "udp": octavia_udp(config)}


def octavia_udp(config):
    base = "/var/lib/octavia"
    wrapped = importlib.import_module("octavia.common.config")
    wrapped.cfg = config
    config.CONF.haproxy_amphora.base_path = base
    utils = importlib.import_module("octavia.common.utils")
    utils.ip_version = lambda address: ipaddress.ip_address(address).version
    importlib.import_module("octavia.common").utils = utils
    utils.expand_expected_codes = lambda codes: {codes}
    templater = importlib.import_module("octavia.common.jinja.lvs.jinja_cfg")
    constants = importlib.import_module("octavia.common.constants")
    member = types.SimpleNamespace(
        id="sample_member_id_1", ip_address="10.0.0.99", protocol_port=82, weight=13, enabled=True,
        monitor_address=None, monitor_port=None, provisioning_status="ACTIVE")
    monitor = types.SimpleNamespace(
        id="sample_monitor_id_1", type=constants.HEALTH_MONITOR_HTTP, delay=30, timeout=31, enabled=True,
        fall_threshold=3, rise_threshold=2, url_path="/index.html", http_method="GET", expected_codes="200",
        provisioning_status="ACTIVE")
    pool = types.SimpleNamespace(
        id="sample_pool_id_1", protocol="UDP", lb_algorithm="ROUND_ROBIN", members=[member],
        health_monitor=monitor, session_persistence=None, enabled=True, provisioning_status="ACTIVE")
    vip = types.SimpleNamespace(ip_address="10.77.0.100")
    balancer = types.SimpleNamespace(id="sample_loadbalancer_id_1", vip=vip, additional_vips=[], enabled=True)
    listener = types.SimpleNamespace(
        id="sample_listener_id_1", protocol="UDP", protocol_port=80, enabled=True, connection_limit=98,
        default_pool=pool, load_balancer=balancer)
    return templater.LvsJinjaTemplater(base_amp_path=base).build_config(listener)


json.dump({"neutron": neutron(), "octavia": octavia()}, sys.stdout)
