namespace Webhooks.Local.Running;

/// <summary>What to run, and where.</summary>
internal sealed record LocalSystemOptions
{
    /// <summary>Data, logs and endpoints.json; one running system a directory.</summary>
    public string StateDirectory { get; init; } = Repository.DefaultState;

    public int Publishers { get; init; } = 1;

    public int Dispatchers { get; init; } = 1;

    /// <summary>Null takes a free one.</summary>
    public int? ManagementPort { get; init; }

    /// <summary>Null takes a free one.</summary>
    public int? CallbacksPort { get; init; }

    /// <summary>False runs the services as they were built last.</summary>
    public bool Build { get; init; } = true;

    /// <summary>Environment variables of the services, on top of our own; README's section "Configuration" names them.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Told what is going on, from several threads.</summary>
    public Action<StepProgress> Progress { get; init; } = _ => { };
}

/// <summary>One step's news.</summary>
/// <param name="Step">Whose: a server, a service, "services" for the build.</param>
/// <param name="State">Whether more is to come.</param>
/// <param name="Detail">A few words.</param>
internal sealed record StepProgress(string Step, StepState State, string Detail);

/// <summary>How far a step is.</summary>
internal enum StepState
{
    /// <summary>More is to come.</summary>
    Working,

    /// <summary>That was it.</summary>
    Done,

    /// <summary>Something a person should know, such as a child that died.</summary>
    Warning,
}
