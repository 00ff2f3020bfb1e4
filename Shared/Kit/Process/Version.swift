/// The version of this build.
public enum Version {
    /// As in the changelog.
    public static let current = "0.1.0"
}
