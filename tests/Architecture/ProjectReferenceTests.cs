using System.Xml.Linq;

namespace Webhooks.Architecture.Tests;

/// <summary>Who may reference whom. Loosening a line here needs a decision record.</summary>
public sealed class ProjectReferenceTests
{
    private static readonly string[] Services = ["Publisher", "Dispatcher", "CallbackIngest", "Management"];

    private static readonly Dictionary<string, string> Allowed = new()
    {
        ["contracts/Contracts/Contracts.csproj"] = "",
        ["contracts/Signatures/Signatures.csproj"] = "",
        ["services/Broker/Broker.csproj"] = "Contracts",
        ["services/Database/Database.csproj"] = "",
        ["services/ServiceDefaults/ServiceDefaults.csproj"] = "Broker Database",
        ["services/Subscriptions/Subscriptions.csproj"] = "Contracts Database Signatures",
        ["services/Sending/Sending.csproj"] = "Subscriptions",
        ["services/Publisher/Publisher.csproj"] = "Broker Database ServiceDefaults Subscriptions",
        ["services/Dispatcher/Dispatcher.csproj"] = "Broker Database Sending ServiceDefaults Subscriptions",
        ["services/Api/Api.csproj"] = "Broker Contracts Database Subscriptions",
        ["services/Sources/Sources.csproj"] = "Contracts Database Signatures Subscriptions",
        ["services/CallbackIngest/CallbackIngest.csproj"] = "Api Broker Database ServiceDefaults Sources",
        ["services/Management/Management.csproj"] = "Api Broker Database Sending ServiceDefaults Sources Subscriptions",
        ["deploy/Local/Local.csproj"] = "Contracts Signatures",
    };

    public static TheoryData<string> Projects => [.. Repository.FilesBelow(".csproj", "contracts", "services", "deploy")];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_references_only_what_is_allowed(string project)
    {
        Assert.True(Allowed.TryGetValue(project, out var allowed), $"{project} is new: say here what it may reference.");
        Assert.Empty(ProjectsReferencedBy(project).Except(allowed.Split(' '), StringComparer.Ordinal));
    }

    // Holds whatever the table above says: what two services share is a library or a message.
    [Theory]
    [MemberData(nameof(Projects))]
    public void Nothing_references_a_service(string project) =>
        Assert.DoesNotContain(ProjectsReferencedBy(project), reference => Services.Contains(reference, StringComparer.Ordinal));

    // Neighbours take these two into their own processes, so they bring nothing with them.
    [Theory]
    [InlineData("contracts/Contracts/Contracts.csproj")]
    [InlineData("contracts/Signatures/Signatures.csproj")]
    public void A_contract_depends_on_nothing(string project) => Assert.DoesNotContain(
        Load(project).Descendants(), element => element.Name.LocalName is "ProjectReference" or "PackageReference" or "FrameworkReference" or "Reference");

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = File.ReadAllText(Path.Combine(Repository.Root, "Webhooks.sln")).Replace('\\', '/');

        Assert.DoesNotContain(
            Repository.FilesBelow(".csproj", "contracts", "services", "deploy", "tests"),
            project => !solution.Contains(project, StringComparison.Ordinal));
    }

    private static IEnumerable<string> ProjectsReferencedBy(string project) => Load(project)
        .Descendants("ProjectReference")
        .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')));

    private static XDocument Load(string project) => XDocument.Load(Path.Combine(Repository.Root, project));
}
