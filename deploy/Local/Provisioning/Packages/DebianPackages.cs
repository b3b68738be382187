namespace Webhooks.Local.Provisioning.Packages;

/// <summary>Installs Debian's packages, without letting them start or enable a server of their own.</summary>
internal static class DebianPackages
{
    // policy-rc.d forbids services to start while packages are configured; createcluster.d keeps postgresql from making
    // a cluster. Both are put there only for the time of the installation, and a policy that was there before is left alone.
    private const string Script = """
        set -e
        undo=
        trap 'eval "$undo"' EXIT
        trap 'exit 1' HUP INT TERM
        if [ ! -e /usr/sbin/policy-rc.d ]; then
            undo="rm -f /usr/sbin/policy-rc.d;"
            printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
            chmod 755 /usr/sbin/policy-rc.d
        fi
        clusters=/etc/postgresql-common/createcluster.d
        undo="$undo rm -f $clusters/webhooks.conf; rmdir $clusters 2>/dev/null;"
        mkdir -p $clusters
        echo 'create_main_cluster = false' >$clusters/webhooks.conf
        export DEBIAN_FRONTEND=noninteractive
        apt-get -qq update
        apt-get -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 install "$@"
        if [ -d /run/systemd/system ]; then
            for package in "$@"; do
                [ "$package" != rabbitmq-server ] || systemctl --quiet disable rabbitmq-server || true
            done
        fi
        """;

    /// <exception cref="ProvisioningException">We may not install here, or it failed; says what a person can do.</exception>
    public static async Task InstallAsync(IReadOnlyList<string> packages, Action<string> report, CancellationToken cancellationToken)
    {
        var byHand = $"apt-get update && apt-get install -y --no-install-recommends {string.Join(' ', packages)}";
        var missing = string.Join(" and ", packages.Select(package => package == "postgresql" ? "PostgreSQL" : "RabbitMQ"));
        if (Programs.InPath("apt-get") is null)
        {
            throw new ProvisioningException(
                $"{missing} not found: install {(packages.Count > 1 ? "them" : "it")} with your system's package manager, "
                + "or set ConnectionStrings__RabbitMq and ConnectionStrings__Postgres to running servers.");
        }

        string[] asRoot = Environment.IsPrivilegedProcess ? ["/bin/sh"] : ["sudo", "-n", "/bin/sh"];
        if (!Environment.IsPrivilegedProcess && !await SudoAsksNothingAsync(cancellationToken))
        {
            throw new ProvisioningException(
                $"{missing} not found, and installing needs root; run: sudo sh -c '{byHand}'");
        }

        report($"installing {string.Join(" and ", packages)} with apt-get (about a minute, once)");
        // To its end, out of reach of Ctrl-C: half an installation would leave the system's packages broken, and our policy there.
        var (exitCode, output) = await Programs.RunAsync(
            "setsid", ["--wait", .. asRoot, "-c", Script, "sh", .. packages], CancellationToken.None);
        cancellationToken.ThrowIfCancellationRequested();
        if (exitCode != 0)
        {
            var tail = string.Join(Environment.NewLine + "  ", output.TrimEnd().Split('\n').TakeLast(10));
            throw new ProvisioningException($"{missing} could not be installed; try by hand: {byHand}{Environment.NewLine}  {tail}");
        }
    }

    private static async Task<bool> SudoAsksNothingAsync(CancellationToken cancellationToken) =>
        Programs.InPath("sudo") is { } sudo && (await Programs.RunAsync(sudo, ["-n", "true"], cancellationToken)).ExitCode == 0;
}
