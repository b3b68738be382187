namespace Webhooks.Scenarios.Tests;

/// <summary>Tenants need no registration: a new name is a new tenant.</summary>
internal static class Tenant
{
    public static string New() => $"tenant_{Guid.NewGuid():N}";
}
