using System.Globalization;
using Webhooks.Local.Processes;
using Webhooks.Local.Provisioning.Packages;
using Webhooks.Local.Provisioning.RabbitMq;

namespace Webhooks.Local.Provisioning;

/// <summary>
/// A private RabbitMQ as a child process. Its data, ports and password stay the same over kills and restarts.
/// </summary>
public sealed class RabbitMqServer : ISupervised, IAsyncDisposable
{
    private const string DefaultVirtualHost = "webhooks";

    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(20);

    private readonly RabbitMqInstallation _installation;
    private readonly RabbitMqConfiguration _configuration;
    private readonly OwnedDirectory _owner;
    private readonly Dictionary<string, string?> _environment;
    private readonly SemaphoreSlim _changes = new(1);
    private readonly bool _sharesPortMapper;
    private ChildProcess? _process;
    private Action? _started;

    private RabbitMqServer(OwnedDirectory owner, RabbitMqInstallation installation, int port, ClusterMember? member = null)
    {
        _owner = owner;
        _installation = installation;
        _sharesPortMapper = member is not null;
        _configuration = new RabbitMqConfiguration(Path.Combine(owner.Path, member is null ? "rabbitmq" : FolderOf(member)), port, member);
        _environment = _configuration.Environment(DefaultVirtualHost);
        _environment[OwnedDirectory.MarkVariable] = owner.Mark;
    }

    event Action? ISupervised.Started
    {
        add => _started += value;
        remove => _started -= value;
    }

    /// <summary>AMQP URI of the first virtual host.</summary>
    public string ConnectionString => ConnectionStringOf(DefaultVirtualHost);

    public int Port => _configuration.Port;

    /// <summary>The Erlang VM itself (beam.smp), whose death is the broker's death.</summary>
    public int ProcessId => Process.Id;

    /// <summary>Completes when the present process has ended, whoever ended it.</summary>
    public Task Exited => Process.Exited;

    string ISupervised.Name => "RabbitMQ";

    // With our mark, so that a port mapper that it starts, should the broker be down, ends with the others.
    internal ClientScript Client => ClientScript.OfRabbitMq(
        _installation.Control, new Dictionary<string, string>(_configuration.ClientEnvironment) { [OwnedDirectory.MarkVariable] = _owner.Mark });

    private ChildProcess Process => _process ?? throw new InvalidOperationException("RabbitMQ has not been started.");

    /// <summary>Starts a broker in <c>rabbitmq/</c> of a directory; it answers AMQP when this returns. At most one per directory.</summary>
    /// <param name="owner">Holds the data and ends the process should we be killed.</param>
    /// <param name="report">Told about what takes long, such as installing Debian's package.</param>
    /// <param name="cancellationToken">Ends what has been started so far.</param>
    /// <exception cref="ProvisioningException">It cannot be installed or does not start; says why.</exception>
    public static async Task<RabbitMqServer> StartAsync(
        OwnedDirectory owner, Action<string>? report = null, CancellationToken cancellationToken = default)
    {
        var installation = await ServerPackages.RabbitMqAsync(report ?? (_ => { }), cancellationToken);
        var server = new RabbitMqServer(owner, installation, FreePorts.Next());
        await server.RestartAsync(cancellationToken);
        return server;
    }

    /// <summary>Starts one node of a cluster in a folder of its own; the first is started before the others.</summary>
    internal static async Task<RabbitMqServer> StartMemberAsync(OwnedDirectory owner, ClusterMember member, CancellationToken cancellationToken = default)
    {
        var installation = await ServerPackages.RabbitMqAsync(_ => { }, cancellationToken);
        var server = new RabbitMqServer(owner, installation, FreePorts.Next(), member);
        await server.RestartAsync(cancellationToken);
        return server;
    }

    /// <summary>Where a cluster's node keeps its data, below the owner's directory.</summary>
    internal static string FolderOf(ClusterMember member) => $"rabbitmq-{member.Number}";

    public string ConnectionStringOf(string virtualHost) => string.Create(
        CultureInfo.InvariantCulture,
        $"amqp://{RabbitMqConfiguration.User}:{_configuration.Password}@127.0.0.1:{Port}/{Uri.EscapeDataString(virtualHost)}");

    /// <summary>Starts it again on its port and data; returns when it answers AMQP. A broker that runs is stopped first.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken = default)
    {
        await _changes.WaitAsync(cancellationToken);
        try
        {
            await StopProcessAsync();
            _process = ChildProcess.Start(new ChildCommand(_installation.Server, [], _configuration.LogFile) { Environment = _environment });
            _started?.Invoke();
            try
            {
                await Readiness.WaitAsync("RabbitMQ", _process, token => Readiness.ProbeRabbitMqAsync(ConnectionString, token), cancellationToken);
            }
            catch
            {
                await EndAsync();
                throw;
            }
        }
        finally
        {
            _changes.Release();
        }
    }

    /// <summary>SIGKILL, as a crash would be. Returns when the process is gone.</summary>
    public Task KillAsync() => Process.KillAsync();

    /// <summary>Stops it cleanly, with what it started.</summary>
    public async Task StopAsync()
    {
        await _changes.WaitAsync(CancellationToken.None);
        try
        {
            await EndAsync();
        }
        finally
        {
            _changes.Release();
        }
    }

    /// <summary>Makes a virtual host, empty and apart from all others, and returns its AMQP URI.</summary>
    public async Task<string> CreateVirtualHostAsync(string name, CancellationToken cancellationToken = default)
    {
        await EvaluateAsync(
            $"""
            N = <<"{name}">>, U = <<"{RabbitMqConfiguration.User}">>,
            ok = rabbit_vhost:add(N, U),
            ok = rabbit_auth_backend_internal:set_permissions(U, N, <<".*">>, <<".*">>, <<".*">>, U).
            """,
            cancellationToken);
        return ConnectionStringOf(name);
    }

    /// <summary>Evaluates Erlang inside the broker and returns what it evaluates to, as text: for what AMQP does not offer.</summary>
    public Task<string> EvaluateAsync(string erlang, CancellationToken cancellationToken = default) =>
        _installation.EvaluateAsync(erlang, _environment, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _changes.Dispose();
    }

    private async Task StopProcessAsync()
    {
        if (_process is { } running)
        {
            await running.StopAsync(ProcessSignal.Terminate, StopPatience);
        }
    }

    // Erlang's port mapper is started by the first node, shared by all on its port, and outlives them. A cluster's ends
    // with its directory.
    private async Task EndAsync()
    {
        await StopProcessAsync();
        if (_sharesPortMapper)
        {
            return;
        }

        var ours = $"ERL_EPMD_PORT={_configuration.EpmdPort}";
        foreach (var id in ProcessTable.WithEnvironment(OwnedDirectory.MarkVariable, mark => mark == _owner.Mark)
            .Where(id => ProcessTable.NameOf(id) == "epmd" && ProcessTable.EnvironmentOf(id).Contains(ours)))
        {
            ProcessSignal.Send(id, ProcessSignal.Kill);
        }
    }
}
