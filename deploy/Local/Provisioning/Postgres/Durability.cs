namespace Webhooks.Local.Provisioning;

/// <summary>How safe a private PostgreSQL keeps what was committed.</summary>
public enum Durability
{
    /// <summary>As in production: a commit is on the disk.</summary>
    Full,

    /// <summary>Fast, for tests that kill no machine: a commit survives a killed server, but not a power cut.</summary>
    WithoutSync,
}
