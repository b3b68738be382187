using System.Reflection;

namespace Webhooks.Subscriptions.Rendering;

/// <summary>How requests name the product: <c>Webhooks/0.1.0</c>.</summary>
public static class UserAgent
{
    public static string Default { get; } =
        $"Webhooks/{typeof(UserAgent).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion}";
}
