namespace Webhooks.Local.Provisioning.RabbitMq;

/// <summary>
/// The files and environment of a private broker. Everything it writes is below its own directory, it listens on
/// 127.0.0.1 only, and neither /etc/rabbitmq nor the user's own RABBITMQ_ variables have a say.
/// </summary>
internal sealed class RabbitMqConfiguration
{
    public const string User = "webhooks";

    // Private epmd, private port: the name need not be unique on the machine, and must not change, for data belongs to it.
    public const string Node = "webhooks@localhost";

    private const string Settings = """
        log.console = false
        log.file.level = info
        vm_memory_high_watermark.absolute = 1GB
        disk_free_limit.absolute = 200MB
        # The default of 512 MiB is per log and held in memory; this is a small machine.
        raft.wal_max_size_bytes = 67108864
        collect_statistics_interval = 60000
        """;

    private readonly string _directory;
    private readonly int _distributionPort = FreePorts.Next();
    private readonly int _epmdPort;
    private readonly ClusterMember? _member;

    public RabbitMqConfiguration(string directory, int port, ClusterMember? member = null)
    {
        _directory = directory;
        _member = member;
        _epmdPort = member?.EpmdPort ?? FreePorts.Next();
        Port = port;
        LogFile = Processes.LogFile.Fresh(Path.Combine(directory, "..", "logs"), "rabbitmq");
        Password = Write();
    }

    public int Port { get; }

    public string Password { get; }

    /// <summary>What the server prints; its own log is <c>log/</c> beside its data.</summary>
    public string LogFile { get; }

    public string EpmdPort => $"{_epmdPort}";

    /// <summary>What rabbitmqctl, too, must know to find the broker and to be let in.</summary>
    public IReadOnlyDictionary<string, string> ClientEnvironment => new Dictionary<string, string>
    {
        ["HOME"] = _directory, // where Erlang looks for the cookie
        ["LANG"] = "C.UTF-8",
        ["RABBITMQ_NODENAME"] = _member?.Name ?? Node,
        ["RABBITMQ_CONF_ENV_FILE"] = "/dev/null",
        ["RABBITMQ_ENABLED_PLUGINS_FILE"] = In("enabled_plugins"),
        ["ERL_EPMD_PORT"] = EpmdPort,
        ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
    };

    private string Write()
    {
        Directory.CreateDirectory(In("log"));
        File.WriteAllText(In("rabbitmq.conf"), Settings + _member?.Settings);
        using (var advanced = File.Create(In("advanced.config")))
        {
            // deploy/rabbitmq's, which docker compose uses as well.
            typeof(RabbitMqConfiguration).Assembly.GetManifestResourceStream("advanced.config")!.CopyTo(advanced);
        }

        File.WriteAllText(In("enabled_plugins"), "[].\n");
        SecretFile.ReadOrCreate(In(".erlang.cookie"));

        // Kept with the data: the broker's user was created with it at the first start.
        return SecretFile.ReadOrCreate(In("password"));
    }

    public Dictionary<string, string?> Environment(string virtualHost)
    {
        var environment = Inherited();
        foreach (var (name, value) in ClientEnvironment)
        {
            environment[name] = value;
        }

        environment["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1";
        environment["RABBITMQ_NODE_PORT"] = $"{Port}";
        environment["RABBITMQ_DIST_PORT"] = $"{_distributionPort}";
        environment["RABBITMQ_MNESIA_BASE"] = In("mnesia");
        environment["RABBITMQ_LOG_BASE"] = In("log");
        environment["RABBITMQ_PID_FILE"] = In("rabbitmq.pid");
        environment["RABBITMQ_PLUGINS_EXPAND_DIR"] = In("plugins-expand");
        environment["RABBITMQ_FEATURE_FLAGS_FILE"] = In("feature_flags");
        environment["RABBITMQ_GENERATED_CONFIG_DIR"] = In("generated");
        environment["RABBITMQ_CONFIG_FILE"] = In("rabbitmq");
        environment["RABBITMQ_ADVANCED_CONFIG_FILE"] = In("advanced.config");
        environment["RABBITMQ_DEFAULT_USER"] = User;
        environment["RABBITMQ_DEFAULT_PASS"] = Password;
        environment["RABBITMQ_DEFAULT_VHOST"] = virtualHost;

        // Makes the start script exec the Erlang VM instead of waiting beside it, so that our child is the server itself.
        environment["RUNNING_UNDER_SYSTEMD"] = "true";

        // One scheduler for each of several nodes: together they have the machine of one.
        var schedulers = _member is null ? 2 : 1;

        // Without busy waiting: the schedulers would otherwise spin on cores that the services need.
        environment["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] =
            $"+S {schedulers}:{schedulers} +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {{127,0,0,1}}";
        return environment;
    }

    private static Dictionary<string, string?> Inherited() => System.Environment.GetEnvironmentVariables().Keys.Cast<string>()
        .Where(name => name.StartsWith("RABBITMQ_", StringComparison.Ordinal) || name.StartsWith("ERL_", StringComparison.Ordinal)
            || name is "NOTIFY_SOCKET")
        .ToDictionary(name => name, _ => (string?)null, StringComparer.Ordinal);

    private string In(string name) => Path.Combine(_directory, name);
}
